"""Keys by URI: AWS KMS as moto serves it, and plug-ins."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.errors import ConfigurationError, PipelineError, ToolError, TrustError
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.trust.evidence import SignatureFormat, VerifiedAttestation, VerifiedSignature
from pipeline.ports import Signer
from pipeline.signers.cosign import CosignVerifier
from pipeline.signers.kms import is_key_uri, open_signer, read_public_key
from pipeline.signers.kms.aws import AwsKeyReference
from tests.platform.key_service import KeyService, key_service
from tests.unit.sign.support import BUNDLE, OTHER_DIGEST, SIMPLE, private_key, public_pem, statement

GUIDE = Path(__file__).parents[3] / "docs" / "plugins.md"
SUBJECT = PinnedReference(Repository("registry.test", "team/app"), "sha256:" + "12" * 32)
KEY_ID = "1234abcd-12ab-34cd-56ef-1234567890ab"
ARN = f"arn:aws:kms:us-east-2:111122223333:key/{KEY_ID}"


@pytest.fixture(scope="module")
def service() -> Iterator[KeyService]:
    with key_service() as started:
        yield started


@pytest.fixture(autouse=True)
def login(service: KeyService, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)


def opened(uri: str, signature_format: SignatureFormat = BUNDLE) -> Signer:
    return open_signer(uri, signature_format, os.environ)


@pytest.mark.parametrize("signature_format", [BUNDLE, SIMPLE])
@pytest.mark.parametrize("spec", ["ECC_NIST_P256", "RSA_3072"])
def test_a_key_in_aws_signs_what_its_public_key_accepts(
    service: KeyService, spec: str, signature_format: SignatureFormat
) -> None:
    uri = f"awskms://{service.address}/{service.make_key(spec)}"
    signer = opened(uri, signature_format)

    made = signer.sign(SUBJECT)

    verified = CosignVerifier().verify(SUBJECT.digest, made, signer.own_policy())
    assert isinstance(verified, VerifiedSignature)
    assert verified.signer.startswith(uri)
    assert signer.own_policy().keys == (read_public_key(uri, os.environ),)
    with pytest.raises(TrustError, match="another digest"):
        CosignVerifier().verify(OTHER_DIGEST, made, signer.own_policy())


def test_a_statement_longer_than_what_aws_would_hash_is_attested(service: KeyService) -> None:
    signer = opened(f"awskms://{service.address}/{service.make_key()}")
    content = statement(SUBJECT.digest, predicateType="https://example.com/t", predicate={"text": "x" * 10_000})

    made = signer.attest(json.dumps(content).encode())

    verified = CosignVerifier().verify(SUBJECT.digest, made, signer.own_policy())
    assert isinstance(verified, VerifiedAttestation)


def test_alias_id_and_arn_name_the_same_key(service: KeyService) -> None:
    arn = service.make_key(alias="team/release")
    names = ("alias/team/release", arn, arn.rpartition("/")[2], arn.partition("key/")[0] + "alias/team/release")

    found = {read_public_key(f"awskms://{service.address}/{name}", os.environ).pem for name in names}

    assert len(found) == 1


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        (f"awskms:///{KEY_ID}", (KEY_ID, None, "")),
        (f"awskms:///{ARN}", (ARN, None, "us-east-2")),
        ("awskms:///alias/release", ("alias/release", None, "")),
        ("awskms:///mrk-1234abcd12ab34cd56ef1234567890ab", ("mrk-1234abcd12ab34cd56ef1234567890ab", None, "")),
        ("awskms://localhost:4566/alias/a", ("alias/a", "http://localhost:4566", "")),
        ("awskms://[::1]:4566/alias/a", ("alias/a", "http://[::1]:4566", "")),
        ("awskms://vpce-1.kms.eu-west-1.vpce.amazonaws.com/alias/a",
         ("alias/a", "https://vpce-1.kms.eu-west-1.vpce.amazonaws.com", "")),
        ("awskms://localhost.evil.test/alias/a", ("alias/a", "https://localhost.evil.test", "")),
    ],
)  # fmt: skip
def test_the_uris_of_cosign_are_read(uri: str, expected: tuple[str, str | None, str]) -> None:
    reference = AwsKeyReference.parse(uri)

    assert (reference.key, reference.endpoint_url, reference.region) == expected


@pytest.mark.parametrize(
    "uri",
    ["awskms://", "awskms:///", "awskms:///release", "awskms:///alias/", "awskms://user@host/alias/a",
     f"awskms:/{ARN}x",
     "awskms:///alias/a?x", "awskms:///alias/a\n", "awskms://host/path/alias/a"],
)  # fmt: skip
def test_what_names_no_key_is_refused(uri: str) -> None:
    with pytest.raises(ConfigurationError, match="names no key of AWS KMS"):
        AwsKeyReference.parse(uri)


@pytest.mark.parametrize(
    ("spec", "usage", "reason"),
    [
        ("SYMMETRIC_DEFAULT", "ENCRYPT_DECRYPT", "is a key for ENCRYPT_DECRYPT, not for signatures"),
        ("RSA_2048", "ENCRYPT_DECRYPT", "is a key for ENCRYPT_DECRYPT, not for signatures"),
        ("ECC_NIST_P384", "SIGN_VERIFY", "ECDSA P-384, which AWS KMS signs with a hash that Flux does not check"),
        ("ECC_SECG_P256K1", "SIGN_VERIFY", "is on the curve secp256k1"),
    ],
)
def test_a_key_that_is_of_no_use_is_refused_by_name(service: KeyService, spec: str, usage: str, reason: str) -> None:
    uri = f"awskms://{service.address}/{service.make_key(spec, usage)}"

    with pytest.raises(ConfigurationError, match=reason) as refused:
        opened(uri)

    assert uri in refused.value.message
    assert refused.value.hint


def test_a_missing_key_is_said_so(service: KeyService) -> None:
    with pytest.raises(ConfigurationError, match="there is no such key"):
        opened(f"awskms://{service.address}/alias/missing")


def test_nobody_there_is_a_failure_and_not_a_refusal() -> None:
    with pytest.raises(ToolError, match=r"cannot be asked \(EndpointConnectionError\)"):
        opened("awskms://127.0.0.1:9/alias/a")


@pytest.mark.parametrize(
    ("code", "expected", "reason"),
    [
        ("AccessDeniedException", ConfigurationError, "AWS denies kms:GetPublicKey"),
        ("DisabledException", ConfigurationError, "the key cannot be used now"),
        ("ExpiredTokenException", ConfigurationError, "AWS does not accept the credentials"),
        ("UnsupportedOperationException", ConfigurationError, "the key is not for signatures"),
        ("ThrottlingException", ToolError, r"is too busy \(ThrottlingException\)"),
        ("Odd\x1b[31m", ConfigurationError, r"refuses GetPublicKey \(Odd\\x1b\[31m\)"),
    ],
)
def test_what_aws_refuses_is_said_in_our_words(
    monkeypatch: pytest.MonkeyPatch, code: str, expected: type[PipelineError], reason: str
) -> None:
    from botocore.client import BaseClient
    from botocore.exceptions import ClientError

    def refuse(self: object, operation: str, request: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no\x1b" + "o" * 999}}, operation)

    monkeypatch.setattr(BaseClient, "_make_api_call", refuse)

    with pytest.raises(expected, match=reason) as refused:
        opened("awskms:///alias/a")

    assert "\x1b" not in refused.value.message
    assert len(refused.value.message) < 400


def test_without_region_or_credentials_it_is_said_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(ConfigurationError, match="there are no AWS credentials"):
        opened("awskms:///alias/a")

    monkeypatch.delenv("AWS_REGION")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ConfigurationError, match="names no region"):
        opened("awskms:///alias/a")


def test_an_endpoint_from_a_variable_must_be_encrypted_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://kms.test")

    with pytest.raises(ConfigurationError, match="is not encrypted"):
        opened("awskms:///alias/a")


def test_a_signature_that_the_public_key_does_not_accept_is_not_used(
    service: KeyService, monkeypatch: pytest.MonkeyPatch
) -> None:
    arn, other = service.make_key(alias="moving"), service.make_key()
    signer = opened(f"awskms://{service.address}/alias/moving")
    service.client().update_alias(AliasName="alias/moving", TargetKeyId=other)

    with pytest.raises(ConfigurationError, match="its own public key does not accept"):
        signer.sign(SUBJECT)

    assert arn != other


def test_without_the_sdk_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)

    with pytest.raises(ConfigurationError, match="AWS SDK, which is not installed") as refused:
        opened("awskms:///alias/a")

    assert refused.value.hint == "pip install 'gitless-pipeline[aws]'"


def test_the_sdk_is_loaded_for_keys_in_aws_alone() -> None:
    code = (
        "import sys, pipeline.wiring, pipeline.signers.kms as k; k.is_key_uri('a'); assert 'boto3' not in sys.modules"
    )

    subprocess.run([sys.executable, "-c", code], check=True, cwd=GUIDE.parents[1])


@pytest.mark.parametrize(
    ("text", "expected"),
    [("awskms:///alias/a", True), ("gcpkms://x", True), ("cosign.key", False), ("./a://b", False),
     ("/dev/fd/63", False)],
)  # fmt: skip
def test_a_uri_is_told_from_a_file(text: str, expected: bool) -> None:  # noqa: FBT001 - a table
    assert is_key_uri(text) is expected


def install(folder: Path, module: str, code: str, entries: dict[str, str]) -> None:
    """What pip leaves of a distribution."""
    (folder / f"{module}.py").write_text(code)
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    lines = "".join(f"{name} = {value}\n" for name, value in entries.items())
    (info / "entry_points.txt").write_text(f"[gitless.signers]\n{lines}")


@pytest.fixture
def guided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plug-in of the guide, as the guide has it."""
    text = GUIDE.read_text()
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (project,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    entries = tomllib.loads(project)["project"]["entry-points"]["gitless.signers"]
    install(tmp_path, "variable_keys", code, entries)
    monkeypatch.syspath_prepend(str(tmp_path))


@pytest.mark.usefixtures("guided")
@pytest.mark.parametrize("signature_format", [BUNDLE, SIMPLE])
def test_the_guides_plug_in_signs_and_is_verified(signature_format: SignatureFormat) -> None:
    from cryptography.hazmat.primitives import serialization

    pem = private_key("ours").private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    environment = {"RELEASE_KEY": pem.decode()}

    signer = open_signer("variable://RELEASE_KEY", signature_format, environment)
    trusted = read_public_key("variable://RELEASE_KEY", environment)

    assert trusted.pem == public_pem(private_key("ours"))
    assert signer.own_policy().keys == (trusted,)
    verified = CosignVerifier().verify(SUBJECT.digest, signer.sign(SUBJECT), signer.own_policy())
    assert isinstance(verified, VerifiedSignature)


@pytest.mark.usefixtures("guided")
def test_a_plug_ins_own_refusal_passes_and_its_failures_say_no_secret() -> None:
    with pytest.raises(ConfigurationError, match="the variable RELEASE_KEY is not set"):
        open_signer("variable://RELEASE_KEY", BUNDLE, {})
    with pytest.raises(ToolError, match=r"the plug-in 'variable' .* failed with ValueError") as failed:
        open_signer("variable://RELEASE_KEY", BUNDLE, {"RELEASE_KEY": "hunter2"})

    assert "hunter2" not in failed.value.message


@pytest.mark.usefixtures("guided")
def test_an_unknown_scheme_is_told_what_is_known_and_how_to_add_it() -> None:
    with pytest.raises(ConfigurationError, match=r"known here: awskms://, variable://") as refused:
        open_signer("gcpkms://projects/p", BUNDLE, {})

    assert "gitless.signers" in str(refused.value.hint)


BUNDLES_ONLY = """
from pipeline.model.trust.evidence import SignatureFormat
from pipeline.model.trust.policy import TrustPolicy

class Odd:
    format = SignatureFormat.BUNDLE
    def own_policy(self):
        return TrustPolicy()
    def sign(self, subject):
        raise KeyError("secret")
    attest = sign

def first(uri, environment):
    return Odd()

second = first
"""


def test_a_plug_in_is_held_to_what_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "odd_keys", BUNDLES_ONLY, {"odd": "odd_keys:first"})
    monkeypatch.syspath_prepend(str(tmp_path))

    with pytest.raises(ConfigurationError, match="signs in the format 'bundle', not 'simple'"):
        open_signer("odd://a", SIMPLE, {})
    with pytest.raises(ConfigurationError, match="has no public key"):
        read_public_key("odd://a", {})
    for make in (open_signer("odd://a", BUNDLE, {}).sign, open_signer("odd://a", BUNDLE, {}).attest):
        with pytest.raises(ToolError, match="failed with KeyError"):
            make(SUBJECT)  # type: ignore[arg-type]


def test_two_plug_ins_for_one_scheme_are_one_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("one", "first"), ("two", "second")):
        folder = tmp_path / name
        folder.mkdir()
        install(folder, f"{name}_keys", BUNDLES_ONLY, {"odd": f"{name}_keys:{value}"})
        monkeypatch.syspath_prepend(str(folder))

    with pytest.raises(ConfigurationError, match=r"several plug-ins serve 'odd://'"):
        open_signer("odd://a", BUNDLE, {})
