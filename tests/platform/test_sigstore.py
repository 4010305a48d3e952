"""The Sigstore deployment serves sigstore's own client; about two seconds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.platform.errors import PlatformError
from tests.platform.sigstore.deployment import SUBJECT, VARIANTS, SigstoreDeployment

if TYPE_CHECKING:
    from sigstore.models import Bundle, ClientTrustConfig

pytestmark = [pytest.mark.tool]

STATEMENT = json.dumps(
    {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "app", "digest": {"sha256": "0" * 64}}],
        "predicateType": "https://example.org/v1",
        "predicate": {},
    }
).encode()


def _config(deployment: SigstoreDeployment) -> ClientTrustConfig:
    from sigstore.models import ClientTrustConfig

    return ClientTrustConfig.from_json(
        json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
                "trustedRoot": json.loads(deployment.trusted_root.read_bytes()),
                "signingConfig": json.loads(deployment.signing_config.read_bytes()),
            }
        )
    )


def _sign(deployment: SigstoreDeployment, **claims: object) -> Bundle:
    from sigstore.dsse import Statement
    from sigstore.oidc import IdentityToken
    from sigstore.sign import SigningContext

    context = SigningContext.from_trust_config(_config(deployment))
    with context.signer(IdentityToken(deployment.token(**claims))) as signer:  # type: ignore[arg-type]
        return signer.sign_dsse(Statement(STATEMENT))


def _verify(deployment: SigstoreDeployment, bundle: Bundle, identity: str = SUBJECT) -> None:
    from sigstore.verify import Verifier
    from sigstore.verify.policy import Identity

    verifier = Verifier(trusted_root=_config(deployment).trusted_root)
    assert verifier.verify_dsse(bundle, Identity(identity=identity))[1] == STATEMENT


@pytest.mark.parametrize("name", ["", "rekor-v2", "no-tsa", "other"])
def test_what_is_signed_with_a_deployment_is_verified_with_it(
    sigstore_deployment: SigstoreDeployment, name: str
) -> None:
    deployment = sigstore_deployment.variant(name) if name else sigstore_deployment
    for _ in range(3):
        _verify(deployment, _sign(deployment))


@pytest.mark.parametrize(
    ("signing", "believing", "reason"),
    [
        ("logged-by-other", "", "keyring: invalid signature"),
        ("certificate-of-tomorrow", "", "not valid at validation time"),
        ("other", "", "candidates exhausted"),
        ("no-tsa", "root-with-other-ct", "SCT"),
        ("no-tsa", "root-with-other-log", "keyring: invalid signature"),
        ("rekor-v2", "root-with-other-tsa", "not enough sources of verified time"),
        ("rekor-v2", "root-with-ended-tsa", "not enough sources of verified time"),
    ],
)
def test_what_a_deployment_must_not_believe_is_refused(
    sigstore_deployment: SigstoreDeployment, signing: str, believing: str, reason: str
) -> None:
    from sigstore.errors import VerificationError

    bundle = _sign(sigstore_deployment.variant(signing))
    with pytest.raises(VerificationError, match=reason):
        _verify(sigstore_deployment.variant(believing) if believing else sigstore_deployment, bundle)


@pytest.mark.parametrize(
    ("claims", "subject"),
    [
        ({"subject": "jane@example.org", "issuer": "https://accounts.example.org"}, "jane@example.org"),
        (
            {"job_workflow_ref": "acme/ci/.github/workflows/w.yml@refs/tags/v1"},
            "https://github.com/acme/ci/.github/workflows/w.yml@refs/tags/v1",
        ),
        (
            {
                "issuer": "https://gitlab.example.org",
                "ci_config_ref_uri": "gitlab.example.org/a/b//.gitlab-ci.yml@refs/heads/main",
            },
            "https://gitlab.example.org/a/b//.gitlab-ci.yml@refs/heads/main",
        ),
        (
            {
                "issuer": "https://kubernetes.default.svc",
                "kubernetes.io": {"namespace": "ci", "serviceaccount": {"name": "release"}},
            },
            "https://kubernetes.io/namespaces/ci/serviceaccounts/release",
        ),
    ],
)
def test_the_certificate_names_the_subject_as_fulcio_would(
    sigstore_deployment: SigstoreDeployment, claims: dict[str, object], subject: str
) -> None:
    _verify(sigstore_deployment, _sign(sigstore_deployment, **claims), subject)


def test_every_variant_has_its_files_and_others_are_unknown(sigstore_deployment: SigstoreDeployment) -> None:
    for name in VARIANTS:
        variant = sigstore_deployment.variant(name)
        assert json.loads(variant.trusted_root.read_bytes())["certificateAuthorities"]
        assert json.loads(variant.signing_config.read_bytes())["caUrls"]
    with pytest.raises(PlatformError, match="unknown variant"):
        sigstore_deployment.variant("none such")
