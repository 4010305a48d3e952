"""Whose registry a name is decides where a login goes."""

from __future__ import annotations

import pytest

from pipeline.identities import open_identity, provider_of
from pipeline.model.settings.providers import PROVIDERS, ecr_host


@pytest.mark.parametrize(
    "host",
    [
        "docker.io",
        "evil.test",
        "ghcr.io.evil.test",
        "evilghcr.io",
        "ghcr.io:8443",
        "123456789012.dkr.ecr.eu-central-1.amazonaws.com.evil.test",
        "evil.test.dkr.ecr.eu-central-1.amazonaws.com",
        "123456789012.dkr.ecr.eu.evil.test.amazonaws.com",
        "123456789012.dkr.ecr.eu-central-1.amazonaws.com:8443",
        "s3.eu-central-1.amazonaws.com",
        "evilgcr.io",
        "a.b.gcr.io",
        "docker.pkg.dev.evil.test",
        "npm.pkg.dev",
        "azurecr.io",
        "acme.azurecr.io.evil.test",
        "acme.azurecr.de",
        "acme.azurecr.io:8443",
        "containers.github.com",
        "",
    ],
)
def test_a_name_that_only_looks_alike_is_nobodys(host: str) -> None:
    environment = {"GITHUB_SERVER_URL": "https://github.com", "CI_REGISTRY": ""}

    assert provider_of(host, environment) is None
    assert [name for name in PROVIDERS if open_identity(name, environment, print).serves(host)] == []


def test_the_port_of_https_and_the_case_make_no_difference() -> None:
    assert provider_of("GHCR.io:443", {}) == "github"
    assert provider_of("Acme.azurecr.io:443", {}) == "azure"


def test_the_registrys_name_says_in_which_region_to_ask() -> None:
    private = ecr_host("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn")
    public = ecr_host("public.ecr.aws")

    assert private is not None
    assert public is not None
    assert (private.region, private.is_public, private.is_china) == ("cn-north-1", False, True)
    assert (public.region, public.is_public) == ("us-east-1", True)
