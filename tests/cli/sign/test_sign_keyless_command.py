from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.model.artifact.reference import PinnedReference
from tests.cli.sign.conftest import Gitless
from tests.platform.sigstore.deployment import ISSUER, SUBJECT, SigstoreDeployment


@pytest.fixture
def services(sigstore_deployment: SigstoreDeployment) -> list[str]:
    """The options that name a whole deployment."""
    return [
        "--keyless",
        "--trusted-root",
        str(sigstore_deployment.trusted_root),
        "--signing-config",
        str(sigstore_deployment.signing_config),
    ]


def test_signing_without_a_key_says_who_when_and_where_it_is_logged(
    gitless: Gitless, artifact: PinnedReference, services: list[str], sigstore_deployment: SigstoreDeployment
) -> None:
    token = str(sigstore_deployment.token_file())

    first = gitless("sign", str(artifact), *services, "--identity-token-file", token)
    second = gitless("sign", str(artifact), *services, "--identity-token-file", token, "-o", "json")

    assert (first.code, first.err) == (0, "")
    assert f"  by {SUBJECT}, known to {ISSUER}\n" in first.out
    assert "  logged at 20" in first.out
    assert (second.code, second.err) == (0, "")
    assert (second.document["identity"], second.document["issuer"]) == (SUBJECT, ISSUER)
    assert second.document["log"].startswith("127.0.0.1:")
    assert second.document["signedAt"].endswith("Z")
    assert (second.document["keyFingerprint"], second.document["signed"]) == ("", False)


def test_somebody_elses_signature_does_not_count_as_ours(
    gitless: Gitless, artifact: PinnedReference, services: list[str], sigstore_deployment: SigstoreDeployment
) -> None:
    theirs = str(sigstore_deployment.token_file(f"{SUBJECT}-of-others"))
    ours = str(sigstore_deployment.token_file())
    gitless("sign", str(artifact), *services, "--identity-token-file", theirs)

    signed = gitless("sign", str(artifact), *services, "--identity-token-file", ours, "-o", "json")

    assert signed.document["signed"] is True


def test_the_token_may_come_from_the_environment_and_is_never_shown(
    gitless: Gitless,
    artifact: PinnedReference,
    services: list[str],
    sigstore_deployment: SigstoreDeployment,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = sigstore_deployment.token()
    monkeypatch.setenv("SIGSTORE_ID_TOKEN", token)

    signed = gitless("sign", str(artifact), *services, "-v", "-o", "json")

    assert signed.code == 0
    assert token not in signed.out + signed.err


def test_a_deployment_without_a_log_warns_and_signs(
    gitless: Gitless, artifact: PinnedReference, sigstore_deployment: SigstoreDeployment
) -> None:
    view = sigstore_deployment.variant("no-log")
    options = ["--trusted-root", str(view.trusted_root), "--signing-config", str(view.signing_config)]

    signed = gitless("sign", str(artifact), "--keyless", *options, "--identity-token-file", str(view.token_file()))

    assert signed.code == 0
    assert "no transparency log" in signed.err
    assert "  stamped at 20" in signed.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--keyless", "--key", "ours.key"], "--key and --keyless contradict each other"),
        ([], "there is nothing to sign with"),
        (["--keyless", "--format", "simple"], "--keyless makes bundles, not --format simple"),
        (["--keyless", "--signing-config", "a.json"], "--signing-config needs --trusted-root"),
        (["--keyless", "--tuf-url", "https://tuf.test", "--trusted-root", "a.json"], "--tuf-url serves the trusted"),
        (["--keyless", "--identity-token-file", "no.txt"], "identity token file no.txt"),
    ],
)
def test_what_makes_no_sense_is_a_usage_error(
    gitless: Gitless, artifact: PinnedReference, arguments: list[str], message: str
) -> None:
    refused = gitless("sign", str(artifact), *arguments)

    assert (refused.code, refused.out) == (2, "")
    assert message in refused.err


@pytest.mark.parametrize("name", ["--trusted-root", "--signing-config"])
def test_files_that_are_none_are_told_by_name(
    gitless: Gitless,
    artifact: PinnedReference,
    services: list[str],
    sigstore_deployment: SigstoreDeployment,
    tmp_path: Path,
    name: str,
) -> None:
    token = str(sigstore_deployment.token_file())
    (tmp_path / "bad.json").write_text('{"mediaType": "nothing"}')

    for file, message in (("bad.json", "bad.json"), ("missing.json", "missing.json: No such file")):
        changed = [file if before == name else value for before, value in zip(["", *services], services, strict=False)]
        refused = gitless("sign", str(artifact), *changed, "--identity-token-file", token)

        assert refused.code == 2
        assert message in refused.err


def test_services_that_do_not_answer_are_told_with_the_exit_code_of_the_network(
    gitless: Gitless,
    artifact: PinnedReference,
    services: list[str],
    sigstore_deployment: SigstoreDeployment,
    tmp_path: Path,
) -> None:
    token = sigstore_deployment.token_file()
    config = sigstore_deployment.signing_config.read_text().replace(
        sigstore_deployment.fulcio_url, "http://127.0.0.1:1"
    )
    (tmp_path / "config.json").write_text(config)

    refused = gitless("sign", str(artifact), *services[:-1], "config.json", "--identity-token-file", str(token))

    assert refused.code == 5
    assert "keyless signing failed" in refused.err
    assert token.read_text() not in refused.err


@pytest.mark.usefixtures("keys")
def test_signing_and_verifying_with_keys_loads_nothing_of_sigstore(artifact: PinnedReference, tmp_path: Path) -> None:
    for arguments in (
        ["sign", str(artifact), "--key", "ours.key"],
        ["verify", str(artifact), "--key", "ours.pub"],
        ["sign", "--help"],
    ):
        program = (
            "import sys\n"
            "from pipeline.cli import application, boundary\n"
            f"code = boundary.run_guarded(application, {arguments!r})\n"
            "heavy = {'sigstore', 'tuf', 'pydantic', 'rfc3161_client', 'sigstore_models'} & set(sys.modules)\n"
            "sys.exit(f'loaded {heavy}' if heavy else code)\n"
        )

        done = subprocess.run(
            [sys.executable, "-c", program], check=False, capture_output=True, text=True, cwd=tmp_path
        )

        assert (done.returncode, done.stderr) == (0, "")


def test_a_keyless_signature_among_those_of_keys_is_refused_without_loading_sigstore(
    gitless: Gitless,
    artifact: PinnedReference,
    services: list[str],
    sigstore_deployment: SigstoreDeployment,
    keys: None,
    tmp_path: Path,
) -> None:
    gitless("sign", str(artifact), *services, "--identity-token-file", str(sigstore_deployment.token_file()))
    program = (
        "import sys\n"
        "from pipeline.cli import application, boundary\n"
        f"code = boundary.run_guarded(application, ['verify', {str(artifact)!r}, '--key', 'ours.pub'])\n"
        "sys.exit('loaded sigstore' if 'sigstore' in sys.modules else code)\n"
    )

    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True, cwd=tmp_path)

    assert done.returncode == 4
    assert "it was made without a key (keyless), and no identity is trusted" in done.stdout + done.stderr
