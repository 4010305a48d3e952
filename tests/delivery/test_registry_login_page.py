"""The page about logins says what the program does."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.identities import gcp, github, provider_of, subject_tokens
from pipeline.model.settings.providers import CHOICES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "registry-login.md"


def test_every_provider_is_on_the_page_about_logins() -> None:
    text = PAGE.read_text()

    assert [choice for choice in CHOICES if f"| `{choice}`" not in text] == []


def test_every_variable_of_ours_on_the_page_about_logins_is_read_by_the_program() -> None:
    ours = {
        subject_tokens.TOKEN_VARIABLE,
        subject_tokens.AUDIENCE_VARIABLE,
        gcp.PROVIDER_VARIABLE,
        gcp.ACCOUNT_VARIABLE,
        github.TOKENS[0],
        "GITLESS_PROVIDER",
        "GITLESS_LOGIN_REGISTRY",
        "GITLESS_PATH",
        "GITLESS_REFERENCE",
    }

    assert set(re.findall(r"GITLESS_[A-Z_]+", PAGE.read_text())) == ours


def test_registries_that_the_page_about_logins_names_are_known() -> None:
    found = {
        "ghcr.io": "github",
        "123456789012.dkr.ecr.eu-central-1.amazonaws.com": "aws",
        "123456789012.dkr.ecr-fips.us-gov-west-1.amazonaws.com": "aws",
        "123456789012.dkr-ecr.eu-central-1.on.aws": "aws",
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn": "aws",
        "public.ecr.aws": "aws",
        "gcr.io": "gcp",
        "eu.gcr.io": "gcp",
        "europe-docker.pkg.dev": "gcp",
        "acme.azurecr.io": "azure",
        "acme.azurecr.cn": "azure",
        "registry.gitlab.test:5050": "gitlab",
        "containers.acme.ghe.com": "github",
    }
    environment = {"CI_REGISTRY": "registry.gitlab.test:5050", "GITHUB_SERVER_URL": "https://acme.ghe.com"}

    assert {host: provider_of(host, environment) for host in found} == found
