from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.model.artifact.manifest import SIGSTORE_BUNDLE, Blob
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.storage import EMPTY_CONFIG, bundle_manifest
from pipeline.registries.layout import LayoutRegistry
from tests.cli.sign.conftest import Gitless, artifact, gitless, keys
from tests.unit.inspect.support import BOM, CYCLONEDX, GITHUB_PROVENANCE, PROVENANCE, about
from tests.unit.sign.support import bundle_document, private_key

__all__ = ["artifact", "gitless", "keys"]
pytestmark = pytest.mark.usefixtures("keys")


def attest(artifact: PinnedReference, predicate_type: str, predicate: object, name: str = "ours") -> None:
    """A bundle by the key of that name, in the layout folder."""
    store = LayoutRegistry(artifact.repository)
    content = json.dumps(bundle_document(about(artifact, predicate_type, predicate), key=private_key(name))).encode()
    bundle = Blob(SIGSTORE_BUNDLE, content)
    for blob in (EMPTY_CONFIG, bundle):
        store.write_blob(blob.descriptor, lambda content=blob.content: (content,))  # type: ignore[misc]
    subject = Blob("application/vnd.oci.image.manifest.v1+json", store.read_manifest(artifact.digest).content)
    store.write_manifest(bundle_manifest(subject.descriptor, bundle.descriptor, predicate_type))


def test_an_artifact_is_shown_without_any_key(gitless: Gitless, artifact: PinnedReference) -> None:
    gitless("sign", str(artifact), "--key", "ours.key")
    attest(artifact, PROVENANCE, GITHUB_PROVENANCE)

    shown = gitless("inspect", "oci-layout:out:v1")

    assert (shown.code, shown.err) == (0, "")
    assert shown.out.startswith(f"{artifact}\n")
    assert "Content: 1 objects in 1 files" in shown.out
    assert "Trust: not verified" in shown.out
    assert "Provenance (says, not verified)" in shown.out
    assert "builder     https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main" in shown.out


def test_with_a_key_it_is_shown_what_is_by_it(gitless: Gitless, artifact: PinnedReference) -> None:
    gitless("sign", str(artifact), "--key", "ours.key")
    attest(artifact, PROVENANCE, GITHUB_PROVENANCE)
    attest(artifact, CYCLONEDX, BOM, "theirs")

    document = gitless("inspect", str(artifact), "--key", "ours.pub", "-o", "json").document

    assert (document["kind"], document["trusted"]) == ("InspectResult", True)
    assert [one["accepted"] for one in document["signatures"]] == [True]
    assert {one["name"]: one["accepted"] for one in document["attestations"]} == {
        "slsaprovenance1": True,
        "cyclonedx": False,
    }
    assert document["attestations"][0]["predicate"] == GITHUB_PROVENANCE


def test_what_nobody_trusts_is_shown_and_is_no_failure(gitless: Gitless, artifact: PinnedReference) -> None:
    gitless("sign", str(artifact), "--key", "theirs.key")

    shown = gitless("inspect", str(artifact), "--key", "ours.pub")

    assert (shown.code, shown.err) == (0, "")
    assert "NOT trusted" in shown.out


@pytest.mark.usefixtures("artifact")
@pytest.mark.parametrize("reference", ["oci-layout:out:missing", "oci-layout:nowhere:v1"])
def test_what_does_not_exist_is_a_registry_error(gitless: Gitless, reference: str) -> None:
    refused = gitless("inspect", reference)

    assert (refused.code, refused.out) == (5, "")


def test_one_predicate_alone_is_printed_as_json(gitless: Gitless, artifact: PinnedReference) -> None:
    attest(artifact, PROVENANCE, GITHUB_PROVENANCE)
    attest(artifact, CYCLONEDX, BOM)

    provenance = gitless("inspect", str(artifact), "--key", "ours.pub", "--attestation", "provenance")
    by_type = gitless("inspect", str(artifact), "--key", "ours.pub", "--attestation", PROVENANCE)
    bom = gitless("inspect", str(artifact), "--sbom")

    assert (provenance.code, provenance.err, provenance.document) == (0, "", GITHUB_PROVENANCE)
    assert by_type.out == provenance.out
    assert (bom.code, bom.document) == (0, BOM)
    assert "this is what somebody says" in bom.err


def test_of_several_the_accepted_one_is_printed(gitless: Gitless, artifact: PinnedReference) -> None:
    attest(artifact, CYCLONEDX, {"by": "theirs"}, "theirs")
    attest(artifact, CYCLONEDX, {"by": "ours"})

    printed = gitless("inspect", str(artifact), "--key", "ours.pub", "--sbom")
    unverified = gitless("inspect", str(artifact), "--sbom")

    assert (printed.err, printed.document) == ("", {"by": "ours"})
    assert "there are 2 of that type" in unverified.err


def test_where_signers_are_named_nobody_elses_attestation_is_printed(
    gitless: Gitless, artifact: PinnedReference
) -> None:
    attest(artifact, CYCLONEDX, BOM, "theirs")

    refused = gitless("inspect", str(artifact), "--key", "ours.pub", "--sbom")

    assert (refused.code, refused.out) == (4, "")
    assert "is not accepted" in refused.err


def test_a_type_that_is_not_there_is_missing(gitless: Gitless, artifact: PinnedReference) -> None:
    attest(artifact, CYCLONEDX, BOM)

    refused = gitless("inspect", str(artifact), "--attestation", "provenance")
    mistyped = gitless("inspect", str(artifact), "--attestation", "cyclonedX\x1b[31m")

    assert (refused.code, refused.out) == (5, "")
    assert "there are: cyclonedx" in refused.err
    assert (mistyped.code, mistyped.out) == (2, "")
    assert "\x1b" not in mistyped.err


@pytest.mark.parametrize("arguments", [("--insecure-skip-verification",), ("--sbom", "--attestation", "provenance")])
def test_what_makes_no_sense_is_refused(
    gitless: Gitless, artifact: PinnedReference, arguments: tuple[str, ...]
) -> None:
    assert gitless("inspect", str(artifact), *arguments).code == 2


def test_the_result_is_kept_where_one_predicate_is_printed(
    gitless: Gitless, artifact: PinnedReference, tmp_path: Path
) -> None:
    attest(artifact, CYCLONEDX, BOM)

    printed = gitless("inspect", str(artifact), "--sbom", "--results-dir", "results")

    assert printed.document == BOM
    assert json.loads((tmp_path / "results" / "inspect.json").read_text())["kind"] == "InspectResult"


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from pipeline.cli import application, boundary\n"
        "code = boundary.run_guarded(application, ['inspect', '--help'])\n"
        "heavy = {'cryptography', 'sigstore', 'yaml', 'requests', 'oras'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else code)\n"
    )

    shown = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)

    assert (shown.returncode, shown.stderr) == (0, "")
