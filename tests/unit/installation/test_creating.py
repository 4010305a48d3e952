from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from pipeline.errors import PipelineError, UsageError
from pipeline.model.artifact.reference import parse_reference
from pipeline.model.creating.bootstrapping import BootstrapRequest, bootstrap_objects
from pipeline.model.creating.kustomizations import KustomizationRequest, kustomization
from pipeline.model.creating.names import Named, check_name, parse_labels
from pipeline.model.creating.secrets import certificates, notation_trust, proxy, public_keys, registry_login
from pipeline.model.creating.sources import SourceRequest, oci_repository
from pipeline.model.manifests import Body

SHOP = Named("shop", "apps")
SOURCE = SourceRequest(url="oci://registry.test/shop", tag="1")
KUSTOMIZATION = KustomizationRequest(source="OCIRepository/shop")
PEM = b"-----BEGIN CERTIFICATE-----\n"


def value(body: Body, key: str) -> str:
    return base64.b64decode(body["data"][key]).decode()


def test_a_source_says_only_what_was_asked_for() -> None:
    assert oci_repository(SHOP, SOURCE) == {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {"name": "shop", "namespace": "apps"},
        "spec": {
            "url": "oci://registry.test/shop",
            "ref": {"tag": "1"},
            "interval": "1m",
            "provider": "generic",
        },
    }


def test_a_fetch_timeout_is_written_without_hours() -> None:
    body = oci_repository(SHOP, replace(SOURCE, fetch_timeout=5401.0))
    assert body["spec"]["timeout"] == "90m1s"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"url": "https://registry.test/shop"}, "expected oci://HOST/REPOSITORY"),
        ({"url": "oci://registry.test/shop:1"}, "names an artifact"),
        ({"tag": ""}, "nothing says which artifact"),
        ({"digest": "sha256:1"}, "is not a digest"),
        ({"layer_selector": "application/x"}, "expected MEDIA-TYPE:extract"),
        ({"layer_selector": "application/x:move"}, "expected MEDIA-TYPE:extract"),
        ({"verify_secret": "keys"}, "how signatures are made"),
        ({"verify_issuer": "x"}, "how signatures are made"),
        ({"verify_provider": "cosign", "verify_issuer": "x"}, "go together"),
    ],
)
def test_a_source_that_makes_no_sense_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        oci_repository(SHOP, replace(SOURCE, **changes))


def test_a_kustomization_says_only_what_was_asked_for() -> None:
    body = kustomization(SHOP, KUSTOMIZATION)
    assert body["spec"] == {
        "interval": "1m",
        "path": "./",
        "prune": False,
        "sourceRef": {"kind": "OCIRepository", "name": "shop"},
    }


def test_waiting_for_everything_makes_single_checks_needless() -> None:
    asked = replace(KUSTOMIZATION, wait=True, health_checks=("Deployment/web.shop",), health_check_timeout=180.0)
    spec = kustomization(SHOP, asked)["spec"]
    assert (spec["wait"], spec["timeout"], "healthChecks" in spec) == (True, "3m", False)


@pytest.mark.parametrize(
    ("path", "written"),
    [("./", "./"), ("", "./"), ("deploy", "./deploy"), ("./deploy/", "./deploy"), ("a//b/.", "./a/b")],
)
def test_paths_are_written_as_the_flux_cli_writes_them(path: str, written: str) -> None:
    assert kustomization(SHOP, replace(KUSTOMIZATION, path=path))["spec"]["path"] == written


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "shop"}, "expected KIND/NAME"),
        ({"source": "HelmChart/shop"}, "one of OCIRepository, GitRepository"),
        ({"source": "OCIRepository/"}, "expected KIND/NAME"),
        ({"path": "/etc"}, "leads out of the artifact"),
        ({"path": "deploy/../.."}, "leads out of the artifact"),
        ({"depends_on": ("apps/",)}, "expected NAME or NAMESPACE/NAME"),
        ({"depends_on": ("/web",)}, "expected NAME or NAMESPACE/NAME"),
        ({"health_checks": ("Deployment/web",)}, "expected KIND/NAME.NAMESPACE"),
        ({"health_checks": ("Job/web.shop",)}, "expected KIND/NAME.NAMESPACE"),
        ({"decryption_secret": "age"}, "how files are encrypted"),
    ],
)
def test_a_kustomization_that_makes_no_sense_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        kustomization(SHOP, replace(KUSTOMIZATION, **changes))


@pytest.mark.parametrize("name", ["", "Shop", "a.b", "-a", "a-", "a" * 64, "a b"])
def test_a_name_that_no_object_may_have_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match="cannot name an object"):
        check_name(name)


def test_labels_may_be_divided_by_commas() -> None:
    assert parse_labels(("a=b,acme.test/team=shop", "empty=")) == {"a": "b", "acme.test/team": "shop", "empty": ""}


@pytest.mark.parametrize("text", ["a", "=b", "a=b=c", "a b=c", "a=-b", "/a=b"])
def test_a_text_that_is_no_label_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not a label"):
        parse_labels((text,))


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("ghcr.io", "ghcr.io"),
        ("oci://ghcr.io/acme/shop", "ghcr.io"),
        ("localhost:5000", "localhost:5000"),
        ("docker.io", "https://index.docker.io/v1/"),
    ],
)
def test_a_login_is_kept_for_the_host(url: str, host: str) -> None:
    body = registry_login(SHOP, url, "me", "secret")
    entry = {"username": "me", "password": "secret", "auth": "bWU6c2VjcmV0"}
    assert json.loads(value(body, ".dockerconfigjson")) == {"auths": {host: entry}}


@pytest.mark.parametrize(
    ("url", "user", "password"), [("", "a", "b"), ("x", "", "b"), ("x", "a:b", "c"), ("x", "a", "")]
)
def test_half_a_login_is_refused(url: str, user: str, password: str) -> None:
    with pytest.raises(UsageError):
        registry_login(SHOP, url, user, password)


def test_certificates_are_of_the_type_that_kubernetes_checks() -> None:
    both = certificates(SHOP, certificate=PEM, key=PEM, authority=PEM)
    assert (both["type"], sorted(both["data"])) == ("kubernetes.io/tls", ["ca.crt", "tls.crt", "tls.key"])
    authority = certificates(SHOP, certificate=b"", key=b"", authority=PEM)
    assert (authority["type"], sorted(authority["data"])) == ("Opaque", ["ca.crt"])


@pytest.mark.parametrize(
    ("certificate", "key", "authority"), [(b"", b"", b""), (PEM, b"", PEM), (b"", PEM, b""), (b"", b"", b"\x30\x82")]
)
def test_certificates_that_help_nobody_are_refused(certificate: bytes, key: bytes, authority: bytes) -> None:
    with pytest.raises(UsageError):
        certificates(SHOP, certificate=certificate, key=key, authority=authority)


def test_a_password_in_a_proxy_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(UsageError) as refused:
        proxy(SHOP, "http://me:hunter2@proxy.test", "", "")
    assert "hunter2" not in refused.value.message + str(refused.value.hint)
    with pytest.raises(UsageError):
        proxy(SHOP, "proxy.test:3128", "", "")


def test_public_keys_end_as_verification_looks_for_them() -> None:
    body = public_keys(SHOP, {"keys/cosign.pub": b"1", "release.pem": b"2"})
    assert sorted(body["data"]) == ["cosign.pub", "release.pem.pub"]
    with pytest.raises(UsageError, match="two keys are named"):
        public_keys(SHOP, {"a/cosign.pub": b"1", "b/cosign.pub": b"2"})


NOTATION = json.dumps({"version": "1.0", "trustPolicies": []}).encode()


def test_a_notation_secret_holds_policy_and_certificates_by_their_names() -> None:
    body = notation_trust(SHOP, NOTATION, {"certs/acme.crt": PEM, "other.pem": PEM})
    assert body["type"] == "Opaque"
    assert {key: base64.b64decode(value) for key, value in body["data"].items()} == {
        "trustpolicy.json": NOTATION,
        "acme.crt": PEM,
        "other.pem": PEM,
    }


@pytest.mark.parametrize(
    ("policy", "files", "complaint"),
    [
        (b"", {"a.crt": PEM}, "secret 'apps/shop' has no 'trustpolicy.json'"),
        (b"[]", {"a.crt": PEM}, "trustpolicy.json of secret 'apps/shop' is not a JSON object"),
        (b"{}", {"a.crt": PEM}, "trustpolicy.json of secret 'apps/shop' has no list 'trustPolicies'"),
        (NOTATION, {}, "has no certificate"),
        (NOTATION, {"a.cer": PEM}, "expected a name that ends with .crt or .pem"),
        (NOTATION, {"a/a.crt": PEM, "b/a.crt": PEM}, "two certificates are named a.crt"),
        (NOTATION, {"a.pem": b"-----BEGIN PRIVATE KEY-----"}, "holds a private key"),
    ],
)
def test_a_notation_secret_that_could_verify_nothing_is_refused(
    policy: bytes, files: dict[str, bytes], complaint: str
) -> None:
    with pytest.raises(UsageError) as refused:
        notation_trust(SHOP, policy, files)
    assert complaint in refused.value.message


def request(reference: str = "oci://registry.test/fleet:production", **changes: Any) -> BootstrapRequest:  # noqa: ANN401
    return replace(BootstrapRequest(named=Named("fleet", "apps"), artifact=parse_reference(reference)), **changes)


def test_a_bootstrap_makes_what_it_refers_to() -> None:
    made = bootstrap_objects(request(keys={"cosign.pub": b"key"}, username="ci", password="x", authority=PEM))
    assert [(body["kind"], body["metadata"]["name"]) for body in made] == [
        ("Secret", "fleet-registry"),
        ("Secret", "fleet-cosign"),
        ("Secret", "fleet-tls"),
        ("OCIRepository", "fleet"),
        ("Kustomization", "fleet"),
    ]
    spec = made[3]["spec"]
    assert [spec[key]["name"] for key in ("secretRef", "certSecretRef")] == ["fleet-registry", "fleet-tls"]
    assert spec["verify"]["secretRef"]["name"] == "fleet-cosign"
    assert made[4]["spec"]["sourceRef"] == {"kind": "OCIRepository", "name": "fleet"}


def test_a_digest_stays_where_it_is() -> None:
    digest = "sha256:" + "a" * 64
    made = bootstrap_objects(request(f"oci://registry.test/fleet:production@{digest}", secret="login"))
    assert made[0]["spec"]["ref"] == {"digest": digest}
    assert made[0]["spec"]["secretRef"] == {"name": "login"}


@pytest.mark.parametrize(
    ("reference", "changes", "message"),
    [
        ("oci://registry.test/fleet", {}, "has no tag"),
        ("oci-layout:out:v1", {}, "no cluster can pull from"),
        ("oci://registry.test/fleet:1", {"secret": "a", "username": "b"}, "both say how to log in"),
        ("oci://registry.test/fleet:1", {"path": "../up"}, "leads out of the artifact"),
    ],
)
def test_a_bootstrap_that_makes_no_sense_is_refused(reference: str, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PipelineError, match=message):
        bootstrap_objects(request(reference, **changes))


def test_no_password_shows_when_a_request_is_printed() -> None:
    assert "hunter2" not in repr(request(username="ci", password="hunter2"))
