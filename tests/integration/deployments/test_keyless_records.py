"""Records signed as the identity of a job, and believed by that identity alone."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from tests.integration.deployments.conftest import Gitless, Registries
from tests.platform.sigstore.deployment import ISSUER, SUBJECT, SigstoreDeployment

pytestmark = [pytest.mark.cluster, pytest.mark.registry]


def test_a_job_signs_the_record_and_its_identity_is_believed(
    apply: Gitless,
    gitless: Gitless,
    publish: Callable[..., str],
    registries: Registries,
    sigstore_deployment: SigstoreDeployment,
) -> None:
    repository = f"oci://{registries.artifacts.address}/keyless-{uuid.uuid4().hex[:8]}"
    services = sigstore_deployment
    url = publish(repository, "one")
    where = ["--record-repository", f"{repository}-deployments", "--record-trusted-root", str(services.trusted_root)]
    signing = ["--record-keyless", "--record-identity-token-file", str(services.token_file())]

    applied = apply(
        url, "--deploy-record", "prod", *signing, "--record-signing-config", str(services.signing_config), *where
    )

    assert applied.code == 0
    assert "recorded as deployed-prod" in applied.err
    diff = ["diff", "deployed:prod", url, *where, "--record-certificate-oidc-issuer", ISSUER]
    found = gitless(*diff, "--record-certificate-identity", SUBJECT, "-o", "json")
    assert found.code == 0, found.err
    assert SUBJECT in found.document["from"]["deployed"]["signer"]
    stranger = gitless(*diff, "--record-certificate-identity", "https://github.com/somebody/else")
    assert stranger.code == 4
    assert "is not accepted" in stranger.err
