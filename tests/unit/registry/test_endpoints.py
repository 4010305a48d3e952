from __future__ import annotations

import pytest

from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.registries.oci.endpoints import endpoint_of, is_loopback, origin_of, proxies_for, without_query


@pytest.mark.parametrize("host", ["localhost", "localhost:5000", "127.0.0.1", "127.8.9.1:80", "[::1]:5000", "[::1]"])
def test_loopback_speaks_plain_http(host: str) -> None:
    assert is_loopback(host)
    assert endpoint_of(Repository(host, "app"), RegistryOptions()).scheme == "http"


@pytest.mark.parametrize("host", ["ghcr.io", "127.0.0.1.example.com", "localhost.example.com:5000", "10.0.0.1:5000"])
def test_everything_else_speaks_https(host: str) -> None:
    assert not is_loopback(host)
    assert endpoint_of(Repository(host, "app"), RegistryOptions()).scheme == "https"


def test_plain_http_elsewhere_only_when_asked() -> None:
    assert endpoint_of(Repository("10.0.0.1:5000", "app"), RegistryOptions(plain_http=True)).scheme == "http"


def test_loopback_with_an_authority_speaks_https() -> None:
    assert endpoint_of(Repository("localhost:5000", "app"), RegistryOptions(ca_file="ca.crt")).scheme == "https"


@pytest.mark.parametrize("host", ["docker.io", "index.docker.io", "registry-1.docker.io"])
def test_docker_hub_has_one_address_and_a_library(host: str) -> None:
    endpoint = endpoint_of(Repository(host, "alpine"), RegistryOptions())

    assert (endpoint.authority, endpoint.path, endpoint.host) == ("registry-1.docker.io", "library/alpine", host)
    assert endpoint_of(Repository(host, "team/app"), RegistryOptions()).path == "team/app"


def test_origin_spells_the_port_out() -> None:
    assert origin_of("https://Host/path?x") == origin_of("https://host:443/other") == "https://host:443"
    assert origin_of("http://host/") != origin_of("https://host/")
    assert origin_of("http://[::1]:5000/v2/") == "http://[::1]:5000"


def test_shown_urls_have_neither_query_nor_user() -> None:
    assert without_query("https://user:secret@host:1/v2/a?X-Amz-Signature=secret#f") == "https://host:1/v2/a"


ENVIRONMENT = {"HTTPS_PROXY": "http://proxy.test:3128", "NO_PROXY": ".corp.test, 10.0.0.0/8,single.test:8443"}


@pytest.mark.parametrize(
    ("url", "through_proxy"),
    [
        ("https://ghcr.io/v2/", True),
        ("http://ghcr.io/v2/", False),
        ("https://registry.corp.test/v2/", False),
        ("https://10.1.2.3:5000/v2/", False),
        ("https://11.1.2.3:5000/v2/", True),
        ("https://single.test:8443/v2/", False),
        ("https://127.0.0.1:5000/v2/", False),
        ("https://localhost/v2/", False),
    ],
)
def test_proxy_is_used_where_the_environment_says_and_never_for_loopback(url: str, *, through_proxy: bool) -> None:
    expected = {"https": "http://proxy.test:3128"} if through_proxy else {}
    assert proxies_for(url, ENVIRONMENT) == expected


def test_proxy_without_a_scheme_is_an_http_proxy() -> None:
    assert proxies_for("http://a.test/", {"http_proxy": "proxy.test:3128"}) == {"http": "http://proxy.test:3128"}


def test_no_proxy_may_be_everything() -> None:
    assert proxies_for("https://a.test/", {"HTTPS_PROXY": "http://p.test", "NO_PROXY": "*"}) == {}
