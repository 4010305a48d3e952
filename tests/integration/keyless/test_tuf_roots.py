from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError, TrustError
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.trust.policy import TrustedRoot
from pipeline.signers.keyless import keyless_signer
from pipeline.signers.keyless.roots import Roots, tuf_folder
from pipeline.signers.verifier import SignatureVerifier
from tests.contract.registry.servers import Silent
from tests.integration.keyless.conftest import ARTIFACT
from tests.integration.keyless.tuf_repository import TufRepository
from tests.platform.sigstore.deployment import SigstoreDeployment
from tests.trusting import signature_of


@pytest.fixture
def repository(tmp_path: Path, sigstore_deployment: SigstoreDeployment) -> TufRepository:
    made = TufRepository(tmp_path / "repository")
    made.publish(
        {
            "trusted_root.json": sigstore_deployment.trusted_root.read_bytes(),
            "signing_config.v0.2.json": sigstore_deployment.signing_config.read_bytes(),
        }
    )
    return made


@pytest.fixture
def url(repository: TufRepository) -> Iterator[str]:
    with repository.serving() as address:
        yield address


class Watch:
    """A clock to set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_root_and_services_come_from_the_repository_and_work_offline_later(
    url: str, repository: TufRepository, sigstore_deployment: SigstoreDeployment, tmp_path: Path
) -> None:
    (tmp_path / "root.json").write_bytes(repository.root)
    environment = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    token = str(sigstore_deployment.token_file())
    online = SigningOptions(
        keyless=True, identity_token_file=token, tuf_url=f"{url}/", tuf_root=str(tmp_path / "root.json")
    )
    offline = SigningOptions(keyless=True, identity_token_file=token, tuf_url=url, offline=True)

    with pytest.raises(ConfigurationError, match="was never read on this machine"):
        keyless_signer(offline, environment, Silent())
    signer = keyless_signer(online, environment, Silent())
    signature = signer.sign(ARTIFACT)
    asked = len(repository.requests)
    keyless_signer(offline, environment, Silent())
    verified = SignatureVerifier(environment, Silent()).verify(ARTIFACT.digest, signature, signer.own_policy())

    assert signature_of(verified).digest == ARTIFACT.digest
    assert len(repository.requests) == asked
    assert list((tmp_path / "cache" / "gitless" / "tuf").iterdir())


def test_a_root_is_read_once_for_an_hour_and_then_anew(url: str, repository: TufRepository, tmp_path: Path) -> None:
    clock = Watch()
    roots = Roots(tmp_path / "tuf", clock)
    root = TrustedRoot("ours", tuf_url=url, tuf_root=repository.root.decode())

    first = roots.open(root)
    asked = len(repository.requests)
    assert roots.open(root) is first
    assert len(repository.requests) == asked

    clock.now += 3601
    second = roots.open(root)

    assert second is not first
    assert len(repository.requests) > asked


def test_many_threads_read_it_once(url: str, repository: TufRepository, tmp_path: Path) -> None:
    roots = Roots(tmp_path / "tuf")
    root = TrustedRoot("ours", tuf_url=url, tuf_root=repository.root.decode())
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(roots.open(root))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len({id(opened) for opened in found}) == 1
    assert sum("timestamp.json" in path for path in repository.requests) == 1


def test_what_was_read_last_serves_for_a_day_while_the_repository_is_away(
    repository: TufRepository, tmp_path: Path
) -> None:
    clock = Watch()
    roots = Roots(tmp_path / "tuf", clock)
    with repository.serving() as address:
        root = TrustedRoot("ours", tuf_url=address, tuf_root=repository.root.decode())
        first = roots.open(root)
    clock.now += 3601

    assert roots.open(root) is first

    clock.now += 24 * 3600
    with pytest.raises(TrustError, match="does not say what is trusted"):
        roots.open(root)


def test_a_repository_that_is_away_is_not_asked_for_every_signature(repository: TufRepository, tmp_path: Path) -> None:
    clock = Watch()
    roots = Roots(tmp_path / "tuf", clock)
    with repository.serving() as address:
        (repository.folder / "timestamp.json").rename(repository.folder / "hidden")
        root = TrustedRoot("ours", tuf_url=address, tuf_root=repository.root.decode())
        for _ in range(5):
            with pytest.raises(TrustError, match=r"does not say what is trusted: .*404"):
                roots.open(root)
        asked = len(repository.requests)
        (repository.folder / "hidden").rename(repository.folder / "timestamp.json")
        clock.now += 61

        roots.open(root)

    assert sum(path.endswith("timestamp.json") for path in repository.requests[:asked]) <= 2  # asked once, logged twice


def test_metadata_that_has_expired_or_is_by_others_is_not_believed(
    url: str, repository: TufRepository, sigstore_deployment: SigstoreDeployment, tmp_path: Path
) -> None:
    others = TufRepository(tmp_path / "others")
    with pytest.raises(TrustError, match="does not say what is trusted"):
        Roots(tmp_path / "a").open(TrustedRoot("ours", tuf_url=url, tuf_root=others.root.decode()))

    repository.publish({"trusted_root.json": sigstore_deployment.trusted_root.read_bytes()}, expired=True)
    with pytest.raises(TrustError, match=r"does not say what is trusted: .*expired"):
        Roots(tmp_path / "b").open(TrustedRoot("ours", tuf_url=url, tuf_root=repository.root.decode()))


def test_a_changed_target_is_not_believed(url: str, repository: TufRepository, tmp_path: Path) -> None:
    for file in (repository.folder / "targets").iterdir():
        file.write_bytes(file.read_bytes().replace(b"sigstore.mock", b"sigstore.evil"))

    with pytest.raises(TrustError, match="does not say what is trusted"):
        Roots(tmp_path / "tuf").open(TrustedRoot("ours", tuf_url=url, tuf_root=repository.root.decode()))


def test_an_unknown_repository_needs_its_root(url: str, tmp_path: Path) -> None:
    with pytest.raises(TrustError, match="nothing is known about the TUF repository") as refused:
        Roots(tmp_path).open(TrustedRoot("ours", tuf_url=url))

    assert "--tuf-root" in (refused.value.hint or "")


def test_the_public_deployment_is_known_without_any_network(tmp_path: Path) -> None:
    opened = Roots(tmp_path).open(TrustedRoot(offline=True))

    assert "rekor.sigstore.dev" in {log.host for log in opened.logs.values()}
    assert opened.has_certificate_logs


@pytest.mark.parametrize(
    "content",
    ["", "null", "{}", "[" * 100_000, '{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'],
)
def test_what_is_no_trusted_root_is_told_by_its_source(tmp_path: Path, content: str) -> None:
    with pytest.raises(TrustError, match="somebody's file is no usable trusted root"):
        Roots(tmp_path).open(TrustedRoot("somebody's file", content=content or " "))


def test_a_root_without_authorities_trusts_nobody(tmp_path: Path, sigstore_deployment: SigstoreDeployment) -> None:
    document = json.loads(sigstore_deployment.trusted_root.read_text()) | {"certificateAuthorities": []}

    with pytest.raises(TrustError, match="names no certificate authority"):
        Roots(tmp_path).open(TrustedRoot("ours", content=json.dumps(document)))


def test_the_folder_is_below_the_users_cache(tmp_path: Path) -> None:
    assert tuf_folder({"XDG_CACHE_HOME": "/c", "HOME": "/h"}) == Path("/c/gitless/tuf")
    assert tuf_folder({"XDG_CACHE_HOME": "relative", "HOME": "/h"}) == Path("/h/.cache/gitless/tuf")
