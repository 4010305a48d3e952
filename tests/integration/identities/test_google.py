"""Logins to Artifact Registry by Google Cloud's own exchange, on a real registry under its name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.integration.identities.conftest import Gitless, Scene, hidden, set_variables, shown
from tests.platform.providers.google import ACCOUNT, PROVIDER, Google
from tests.platform.providers.identity_tokens import GitHubJob, Issuer
from tests.platform.providers.serving import Served

pytestmark = pytest.mark.registry
REGISTRY = "europe-docker.pkg.dev"
SHOP = f"oci://{REGISTRY}/acme/shop/app"
WHOLE = {"type": "external_account", "audience": "a", "subject_token_type": "b", "token_url": "https://sts.test"}
AUDIENCE = f"https://iam.googleapis.com/{PROVIDER}"


@pytest.fixture
def google(issuer: Issuer, scene: Scene) -> Google:
    google = Google(issuer)
    scene.accept(google.accepts)
    return google


@pytest.fixture
def cloud(google: Google, serving: Callable[[Served], Served]) -> Served:
    return serving(google.serve())


@pytest.fixture
def by_variables(cloud: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(
        monkeypatch,
        {
            "GITLESS_GCP_WORKLOAD_IDENTITY_PROVIDER": PROVIDER,
            "GITLESS_GCP_SERVICE_ACCOUNT": ACCOUNT,
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_STS": cloud.url,
            "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAMCREDENTIALS": cloud.url,
        },
    )


@pytest.mark.usefixtures("by_variables")
def test_a_job_lists_as_the_account_that_it_impersonates(
    google: Google, job: GitHubJob, scene: Scene, gitless: Gitless
) -> None:
    outcome = gitless("list", SHOP, "--provider", "auto", "-v")

    assert outcome.code == 0, outcome.err
    secrets = (*google.secrets, *job.given)
    assert {*secrets} <= hidden(outcome)
    assert [secret for secret in secrets if secret in shown(outcome)] == []
    assert scene.tokens.token_requests[-1].account == "oauth2accesstoken"
    assert not (scene.folder / "docker").exists()


@pytest.mark.usefixtures("by_variables")
def test_without_an_account_the_federated_token_itself_is_the_password(
    google: Google, job: GitHubJob, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITLESS_GCP_SERVICE_ACCOUNT")

    outcome = gitless("login", REGISTRY, "--provider", "gcp", "-o", "json")

    assert outcome.code == 0, outcome.err
    assert outcome.document["expiresAt"] is not None
    assert [token for token in google.access_tokens if token.startswith("ya29.d.")]


@pytest.mark.parametrize("account", [True, False])
def test_the_file_of_googles_own_action_is_understood(
    account: bool,  # noqa: FBT001 - a parameter
    google: Google,
    cloud: Served,
    job: GitHubJob,
    scene: Scene,
    gitless: Gitless,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source: dict[str, object] = {
        "url": f"{os.environ['ACTIONS_ID_TOKEN_REQUEST_URL']}&audience={AUDIENCE}",
        "headers": {"Authorization": f"Bearer {job.bearer}"},
        "format": {"type": "json", "subject_token_field_name": "value"},
    }
    file = google.credentials_file(cloud, scene.folder, source, account=account)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))

    outcome = gitless("list", SHOP, "--provider", "gcp")

    assert outcome.code == 0, outcome.err
    assert {*job.given} <= hidden(outcome)


def test_a_token_in_a_file_is_exchanged(
    google: Google, cloud: Served, scene: Scene, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = scene.folder / "token"
    token.write_text(google.issuer.issue(AUDIENCE))
    file = google.credentials_file(cloud, scene.folder, {"file": str(token)}, account=True)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))

    outcome = gitless("list", SHOP, "--provider", "gcp")

    assert outcome.code == 0, outcome.err


def test_a_machine_is_who_its_metadata_server_says(google: Google, cloud: Served, scene: Scene) -> None:
    # google-auth reads the server's address when it is imported.
    environment = {**os.environ, "GCE_METADATA_HOST": cloud.address}
    command = [sys.executable, "-m", "pipeline", "login", REGISTRY, "--provider", "gcp", "-o", "json"]
    # The checkout is where this interpreter finds the package.
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)

    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["username"] == "oauth2accesstoken"
    assert [token for token in google.access_tokens if token.startswith("ya29.m.")]


@pytest.mark.usefixtures("by_variables")
def test_a_login_that_is_taken_back_is_renewed_once(google: Google, job: GitHubJob, gitless: Gitless) -> None:
    assert gitless("list", SHOP, "--provider", "gcp").code == 0
    google.access_tokens.clear()

    assert gitless("list", SHOP, "--provider", "gcp").code == 0


@pytest.mark.usefixtures("by_variables")
@pytest.mark.parametrize("what", ["audience", "expired", "stranger", "account"])
def test_what_google_refuses_is_told_without_the_token(
    what: str, google: Google, job: GitHubJob, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    if what == "audience":
        monkeypatch.setenv("GITLESS_IDENTITY_AUDIENCE", "somebody-else")
    elif what == "expired":
        job.lifetime = -60
    elif what == "stranger":
        monkeypatch.setenv("GITLESS_REGISTRY_ID_TOKEN", Issuer().issue(AUDIENCE))
    else:
        google.is_denied = True

    outcome = gitless("list", SHOP, "--provider", "gcp", "-v")

    assert outcome.code == 5
    assert "gives no access token" in outcome.err
    assert [secret for secret in (*google.secrets, *job.given) if secret in shown(outcome)] == []
    assert "eyJ" not in shown(outcome)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("not json", "is no JSON object"),
        ('{"type": "authorized_user", "refresh_token": "top-secret"}', "cannot be used here"),
        (
            json.dumps({**WHOLE, "credential_source": {"executable": {"command": "id"}}}),
            "cannot be used here",
        ),
        ('{"type": "external_account", "token_url": "http://evil.test/", "x": "top-secret"}', "is not encrypted"),
        ('{"type": "external_account", "credential_source": {"file": "/x"}, "k": "top-secret"}', "missing or wrong"),
    ],
)
def test_a_credentials_file_that_cannot_be_used_is_named_and_not_quoted(
    content: str, said: str, scene: Scene, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = scene.folder / "google.json"
    file.write_text(content)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(file))

    outcome = gitless("login", REGISTRY, "--provider", "gcp")

    assert outcome.code == 2, outcome.err
    assert said in outcome.err
    assert "google.json" in outcome.err
    assert "top-secret" not in outcome.err
