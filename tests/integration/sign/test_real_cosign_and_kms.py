"""The real cosign and gitless with the same keys in AWS KMS, as moto serves it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from pipeline.errors import TrustError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.evidence import SignatureFormat
from pipeline.model.trust.policy import TrustPolicy
from pipeline.signers.cosign import CosignVerifier
from pipeline.signers.kms import open_signer, read_public_key
from pipeline.stages.sign import sign
from pipeline.stages.trust import require_trust
from tests.integration.sign.cosign import Major, Workplace
from tests.platform.binaries import binary
from tests.platform.key_service import KeyService, key_service
from tests.trusting import trusting

pytestmark = [pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("cosign")]


@pytest.fixture(scope="module")
def service() -> Iterator[KeyService]:
    with key_service() as started:
        started.make_key("ECC_NIST_P256", alias="elliptic")
        started.make_key("RSA_2048", alias="rsa")
        yield started


@pytest.fixture(autouse=True)
def login(service: KeyService, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in cosigns(service).items():
        monkeypatch.setenv(name, value)


def cosigns(service: KeyService) -> dict[str, str]:
    """With an endpoint in the URI cosign insists on HTTPS; from the variable it takes either."""
    return {**service.environment, "AWS_ENDPOINT_URL": f"http://{service.address}"}


def cosign(workplace: Workplace, service: KeyService, major: Major, *arguments: str, accepted: bool = True) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(workplace.folder),
        "HTTPS_PROXY": "http://127.0.0.1:9",
        **cosigns(service),
    }
    command = [str(binary(f"cosign{major}")), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment, timeout=60)
    assert (done.returncode == 0) is accepted, done.stderr


def verified(workplace: Workplace, major: Major) -> list[str]:
    options = ["--allow-http-registry", "--insecure-ignore-tlog"]
    return [*options, f"--trusted-root={workplace.trusted_root}"] if major == 2 else options


def name_of(artifact: PinnedReference) -> str:
    return f"{artifact.repository.name}@{artifact.digest}"


@pytest.mark.parametrize("signature_format", list(SignatureFormat))
@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize("alias", ["elliptic", "rsa"])
def test_cosign_accepts_what_we_sign_in_kms(
    workplace: Workplace, service: KeyService, alias: str, major: Major, signature_format: SignatureFormat
) -> None:
    artifact, store = workplace.publish()
    uri = f"awskms:///alias/{alias}"
    other = "awskms:///alias/" + ("rsa" if alias == "elliptic" else "elliptic")

    sign(artifact, store, open_signer(uri, signature_format, os.environ), CosignVerifier())

    options = verified(workplace, major)
    cosign(workplace, service, major, "verify", f"--key={uri}", *options, name_of(artifact))
    cosign(workplace, service, major, "verify", f"--key={other}", *options, name_of(artifact), accepted=False)


@pytest.mark.parametrize("signature_format", list(SignatureFormat))
@pytest.mark.parametrize("major", [2, 3])
@pytest.mark.parametrize("alias", ["elliptic", "rsa"])
def test_we_accept_what_cosign_signs_in_kms(
    workplace: Workplace, service: KeyService, alias: str, major: Major, signature_format: SignatureFormat
) -> None:
    artifact, store = workplace.publish()
    uri = f"awskms:///alias/{alias}"
    is_bundle = str(signature_format is SignatureFormat.BUNDLE).lower()
    options = ["--allow-http-registry", "--tlog-upload=false", f"--new-bundle-format={is_bundle}", "-y"]
    if major == 3:
        options.append("--use-signing-config=false")

    cosign(workplace, service, major, "sign", f"--key={uri}", *options, name_of(artifact))

    policy = TrustPolicy((read_public_key(uri, os.environ),))
    assert require_trust(artifact, store, trusting(CosignVerifier()), policy).signatures[0].signer.startswith(uri)
    other = "awskms:///alias/" + ("rsa" if alias == "elliptic" else "elliptic")
    with pytest.raises(TrustError):
        require_trust(artifact, store, trusting(CosignVerifier()), TrustPolicy((read_public_key(other, os.environ),)))
