"""Who is believed is asked in the same way at every door, and whatever is half said is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline import wiring
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.settings.trust import TrustOptions
from pipeline.model.trust.policy import Identity, TrustPolicy
from pipeline.ports import Environment
from tests.cli.sign.conftest import Gitless

pytestmark = pytest.mark.usefixtures("keys")

SUBJECT = ("--certificate-identity", "https://ci.test/release")
ISSUER = ("--certificate-oidc-issuer", "https://issuer.test")
BY_OURS = """\
apiVersion: gitless.dev/v1
kind: TrustPolicy
spec:
  keys: [ours.pub]
"""
NOBODY = "apiVersion: gitless.dev/v1\nkind: TrustPolicy\nspec: {rules: []}\n"
SETTINGS = """\
apiVersion: gitless.dev/v1
kind: Pipeline
name: shop
trust:
  keys: [ours.pub]
  rules:
    - {name: two, artifacts: ["oci-layout:**"], require: {signature: {keys: [ours.pub, theirs.pub], count: 2}}}
"""


def doors(artifact: PinnedReference) -> tuple[tuple[str, ...], ...]:
    """Every command that lets an artifact pass, short of a cluster."""
    return (
        ("verify", str(artifact)),
        ("pull", str(artifact), "unpacked"),
        ("copy", str(artifact), "oci-layout:copied"),
        ("trust", "explain", str(artifact)),
        ("apply", str(artifact), "--kubeconfig", "missing"),
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[TrustOptions]:
    """What the policy is made from."""
    seen: list[TrustOptions] = []

    def remember(options: TrustOptions, environment: Environment) -> TrustPolicy:
        seen.append(options)
        return TrustPolicy()

    monkeypatch.setattr(wiring, "trust_policy", remember)
    return seen


def test_every_option_reaches_the_policy(
    gitless: Gitless, artifact: PinnedReference, asked: list[TrustOptions]
) -> None:
    gitless(
        "verify", str(artifact), "--key", "ours.pub", "--key", "theirs.pub", *SUBJECT,
        "--certificate-oidc-issuer-regexp", "^https://issuer.test$", "--trusted-root", "root.json", "--offline",
        "--insecure-ignore-tlog", "--trust-policy", "policy.yaml",
    )  # fmt: skip
    gitless("verify", str(artifact), "--tuf-url", "https://tuf.test", "--tuf-root", "root.json")

    assert asked == [
        TrustOptions(
            keys=("ours.pub", "theirs.pub"),
            identities=(Identity(subject="https://ci.test/release", issuer_regexp="^https://issuer.test$"),),
            trusted_root="root.json",
            offline=True,
            ignores_log=True,
            policy_file="policy.yaml",
        ),
        TrustOptions(tuf_url="https://tuf.test", tuf_root="root.json"),
    ]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (SUBJECT, "--certificate-identity needs --certificate-oidc-issuer"),
        (ISSUER, "--certificate-oidc-issuer needs --certificate-identity"),
        ((*SUBJECT, *ISSUER, "--certificate-identity-regexp", "^x$"), "contradict each other"),
        (("--certificate-identity", "", *ISSUER), "--certificate-identity is empty"),
        ((*SUBJECT, "--certificate-oidc-issuer", " "), "--certificate-oidc-issuer is empty"),
        (("--certificate-identity", "", "--certificate-oidc-issuer", ""), "is empty"),
        (("--trust-policy", ""), "--trust-policy is empty"),
        (("--trusted-root", ""), "--trusted-root is empty"),
        (("--key", ""), "key file"),
        (("--tuf-url", "https://tuf.test"), "--tuf-url and --tuf-root go together"),
        (("--tuf-url", "u", "--tuf-root", "r", "--trusted-root", "t"), "contradict each other"),
        ((*SUBJECT, "--certificate-oidc-issuer-regexp", "^($"), "is not a regular expression"),
        (("--trust-policy", "absent.yaml"), "absent.yaml"),
        (("--key", "ours.pub", "--trusted-root", "ours.pub"), "ours.pub is not valid JSON"),
    ],
)
def test_what_is_half_said_is_refused_at_every_door(
    gitless: Gitless, artifact: PinnedReference, arguments: tuple[str, ...], told: str
) -> None:
    for door in doors(artifact):
        done = gitless(*door, *arguments)
        assert (done.code, done.out) == (2, ""), door
        assert told in done.err


@pytest.mark.parametrize(
    "given", [("--key", "ours.pub"), (*SUBJECT, *ISSUER), ("--trust-policy", "p.yaml")], ids=lambda given: given[0]
)
def test_skipping_verification_contradicts_whoever_is_named(
    gitless: Gitless, artifact: PinnedReference, given: tuple[str, ...]
) -> None:
    done = gitless("pull", str(artifact), "unpacked", *given, "--insecure-skip-verification")

    assert done.code == 2
    assert f"{given[0]} and --insecure-skip-verification contradict each other" in done.err


def test_the_same_policy_opens_and_shuts_every_door(
    gitless: Gitless, artifact: PinnedReference, tmp_path: Path
) -> None:
    (tmp_path / "ours.yaml").write_text(BY_OURS)
    (tmp_path / "theirs.yaml").write_text(BY_OURS.replace("ours.pub", "theirs.pub"))
    gitless("sign", str(artifact), "--key", "ours.key")

    for door in doors(artifact):
        refused = gitless(*door, "--trust-policy", "theirs.yaml")
        assert refused.code == 4, door
        assert "has no signature by theirs.pub" in refused.err
    assert not (tmp_path / "unpacked").exists()
    assert not (tmp_path / "copied").exists()
    assert [gitless(*door, "--trust-policy", "ours.yaml").code for door in doors(artifact)] == [0, 0, 0, 0, 6]


def test_an_empty_policy_refuses_at_every_door_and_a_broken_one_is_never_ignored(
    gitless: Gitless, artifact: PinnedReference, tmp_path: Path
) -> None:
    (tmp_path / "nobody.yaml").write_text(NOBODY)
    (tmp_path / "broken.yaml").write_text("kind: TrustPolicy\nspec: {\n")
    gitless("sign", str(artifact), "--key", "ours.key")

    for door in doors(artifact):
        assert gitless(*door, "--trust-policy", "nobody.yaml").code == 4, door
        assert gitless(*door, "--trust-policy", "broken.yaml").code == 2, door
    assert "is trusted by nobody.yaml" in gitless("verify", str(artifact), "--trust-policy", "nobody.yaml").err


def test_the_policy_may_come_from_the_environment(
    gitless: Gitless, artifact: PinnedReference, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ours.yaml").write_text(BY_OURS)
    monkeypatch.setenv("GITLESS_TRUST_POLICY", "ours.yaml")

    assert gitless("copy", str(artifact), "oci-layout:copied").code == 4


def test_options_replace_the_files_signers_and_its_rules_stay_in_force(
    gitless: Gitless, artifact: PinnedReference, tmp_path: Path
) -> None:
    (tmp_path / "gitless.yaml").write_text(SETTINGS)
    gitless("sign", str(artifact), "--key", "theirs.key")

    refused = gitless("verify", str(artifact), "--trust-policy", "gitless.yaml", "--key", "theirs.pub")
    assert refused.code == 4
    assert "rule 'two': signed by 1 of 2 different ones: theirs.pub" in refused.err
    assert "needed: a signature by another of them: ours.pub or theirs.pub" in refused.err
    gitless("sign", str(artifact), "--key", "ours.key")
    assert gitless("verify", str(artifact), "--trust-policy", "gitless.yaml", "--key", "theirs.pub").code == 0


def test_without_any_policy_pull_and_copy_warn_and_go_on(gitless: Gitless, artifact: PinnedReference) -> None:
    assert "no --key and no other trust option was given" in gitless("pull", str(artifact), "unpacked").err
    done = gitless("copy", str(artifact), "oci-layout:copied")
    assert done.code == 0
    assert "no --key and no other trust option was given" in done.err
    skipped = gitless("copy", str(artifact), "oci-layout:copied", "--insecure-skip-verification")
    assert skipped.code == 0
    assert "signatures are NOT verified" in skipped.err


def test_what_weakens_a_policy_is_said_loudly(gitless: Gitless, artifact: PinnedReference) -> None:
    loose = gitless(
        "verify", str(artifact), "--key", "ours.pub", "--certificate-identity-regexp", "acme", *ISSUER,
        "--insecure-ignore-tlog",
    )  # fmt: skip

    assert "/acme/ also accepts what only contains it; write ^acme$" in loose.err
    assert "in NO transparency log" in loose.err


def test_a_settings_file_with_empty_trust_refuses_what_run_would_apply(
    gitless: Gitless, artifact: PinnedReference, tmp_path: Path
) -> None:
    (tmp_path / "gitless.yaml").write_text("apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\ntrust: {}\n")
    gitless("sign", str(artifact), "--key", "ours.key")

    assert gitless("verify", str(artifact), "--trust-policy", "gitless.yaml").code == 4


def test_run_reads_the_trust_of_its_settings_file_before_it_does_anything(gitless: Gitless, tmp_path: Path) -> None:
    (tmp_path / "gitless.yaml").write_text(
        "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\n"
        "trust: {identities: [{subjectRegExp: acme, issuer: 'https://issuer.test'}]}\n"
    )

    done = gitless("run", "--to", "build")

    assert done.code == 2
    assert "gitless.yaml:4: 'trust.identities[0].subjectRegExp': 'acme' must begin with ^ and end with $" in done.err
    assert "evil" in done.err
