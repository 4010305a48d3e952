"""``gitless bootstrap`` with a real registry and a real API server, and a stand-in for the puller."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES, SECRETS
from pipeline.model.manifests import Body
from pipeline.ports import ApiServer
from tests.integration.installation.conftest import Gitless, Kubectl
from tests.integration.installation.reconciler import Reconciler
from tests.platform.registries import ReferrersRegistry

pytestmark = [pytest.mark.cluster, pytest.mark.registry]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferrersRegistry]:
    with ReferrersRegistry.start(tmp_path_factory.mktemp("registry")) as started:
        yield started


@pytest.fixture
def artifact(gitless: Gitless, registry: ReferrersRegistry, tmp_path: Path) -> tuple[str, str]:
    """A published artifact: its reference by tag, and its digest."""
    folder = tmp_path / "fleet"
    folder.mkdir()
    (folder / "config.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: fleet\n")
    reference = f"oci://{registry.address}/acme/fleet:production"
    published = gitless("package", str(folder), reference, "--revision", "main@sha1:1", "-o", "json")
    assert published.code == 0, published.err
    return reference, str(published.document["digest"])


@pytest.fixture
def reconciler(served: ApiServer, place: str) -> Iterator[Reconciler]:
    started = Reconciler(served, place)
    yield started
    started.stop()


def existing(body: Body | None) -> Body:
    assert body is not None
    return body


def test_a_cluster_reconciles_itself_and_a_second_time_changes_nothing(
    gitless: Gitless,
    api: ApiServer,
    place: str,
    artifact: tuple[str, str],
    reconciler: Reconciler,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reference, digest = artifact
    reconciler.revision = f"production@{digest}"
    monkeypatch.setenv("COSIGN_PASSWORD", "")
    assert gitless("keys", "generate", "--output-key-prefix", str(tmp_path / "cosign")).code == 0
    line = ("bootstrap", reference, "-n", place, "--path", "clusters/one", "--key", str(tmp_path / "cosign.pub"),
            "--username", "ci", "--password-stdin", "-o", "json")  # fmt: skip

    first = gitless(*line, stdin="hunter2\n")

    assert first.code == 0, first.err
    assert first.document["revision"] == f"production@{digest}"
    assert "hunter2" not in first.out + first.err
    spec = existing(api.read(OCI_REPOSITORIES, place, place))["spec"]
    assert spec["ref"] == {"tag": "production"}
    assert spec["secretRef"] == {"name": f"{place}-registry"}
    assert spec["verify"] == {"provider": "cosign", "secretRef": {"name": f"{place}-cosign"}}
    assert list(existing(api.read(SECRETS, place, f"{place}-cosign"))["data"]) == ["cosign.pub"]
    configuration = existing(api.read(KUSTOMIZATIONS, place, place))["spec"]
    assert (configuration["path"], configuration["prune"], configuration["wait"]) == ("./clusters/one", True, True)

    second = gitless(*line, stdin="hunter2\n")

    assert second.code == 0, second.err
    assert second.document["changes"] == []
    assert {change["action"] for change in second.document["installed"]["changes"]} <= {"skip"}


def test_it_waits_for_the_very_digest(
    gitless: Gitless, place: str, artifact: tuple[str, str], reconciler: Reconciler
) -> None:
    reconciler.revision = "production@sha256:" + "1" * 64
    outcome = gitless("bootstrap", artifact[0], "-n", place, "--timeout", "8s")
    assert outcome.code == 7
    assert "is not ready after 8s" in outcome.err


def test_an_artifact_that_is_not_there_is_refused_before_anything_is_written(
    gitless: Gitless, api: ApiServer, place: str, registry: ReferrersRegistry
) -> None:
    outcome = gitless("bootstrap", f"oci://{registry.address}/acme/fleet:no-such-tag", "-n", place)
    assert outcome.code == 5
    assert api.read(KUSTOMIZATIONS, place, place) is None


def test_kubectl_applies_what_is_exported(gitless: Gitless, kubectl: Kubectl, served: ApiServer, place: str) -> None:
    del served
    exported = gitless("bootstrap", "oci://registry.test/fleet:production", "-n", place, "--export")
    assert exported.code == 0, exported.err
    kubectl("apply", "--server-side", "-f", "-", stdin=exported.out)
    kubectl("-n", place, "get", f"ocirepo/{place}", f"ks/{place}")


def test_a_password_is_not_exported(gitless: Gitless, place: str) -> None:
    line = ("bootstrap", "oci://registry.test/fleet:production", "-n", place, "--export")
    outcome = gitless(*line, "--username", "ci", "--password-stdin", stdin="hunter2\n")
    assert (outcome.code, outcome.out) == (2, "")
    assert "create secret oci" in outcome.err
