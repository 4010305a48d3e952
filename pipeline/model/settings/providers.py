"""Whose identity can be exchanged for a login to a registry, and which registries are whose, by their names.

Sources: each provider's documentation of its registries' host names. A login goes nowhere but to these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

GENERIC = "generic"
"""Docker's configuration, and nobody's identity."""
AUTO = "auto"
"""The provider whose registry it is."""
PROVIDERS = ("github", "gitlab", "aws", "gcp", "azure")
CHOICES = (GENERIC, AUTO, *PROVIDERS)

_ECR = re.compile(
    r"[0-9]{12}\.dkr(?:\.ecr|\.ecr-fips|-ecr|-ecr-fips)\.(?P<region>[a-z0-9-]+)\."
    r"(?:amazonaws\.com|amazonaws\.com\.cn|on\.aws|on\.amazonwebservices\.com\.cn|amazonaws\.eu)"
)
_ECR_PUBLIC = frozenset({"public.ecr.aws", "ecr-public.aws.com"})
_GCP = re.compile(r"(?:[a-z0-9-]+\.)?gcr\.io|(?:[a-z0-9-]+-)?docker\.pkg\.dev")
_AZURE = re.compile(r"(?:[a-z0-9-]+\.)+azurecr\.(?P<cloud>io|cn|us)")
_DEFAULT_PORT = ":443"


@dataclass(frozen=True, slots=True)
class EcrHost:
    """A registry of AWS; the public one answers in one region only."""

    region: str
    is_public: bool = False
    is_china: bool = False


@dataclass(frozen=True, slots=True)
class AzureCloud:
    """Where somebody logs in to one of Microsoft's clouds, and what for, to be let into its registries."""

    authority: str
    scope: str


_AZURE_CLOUDS = {
    "io": AzureCloud("https://login.microsoftonline.com", "https://containerregistry.azure.net/.default"),
    "cn": AzureCloud("https://login.chinacloudapi.cn", "https://management.chinacloudapi.cn/.default"),
    "us": AzureCloud("https://login.microsoftonline.us", "https://management.usgovcloudapi.net/.default"),
}


def bare_host(host: str) -> str:
    """The host in lower case, without the port that HTTPS has anyway."""
    return host.lower().removesuffix(_DEFAULT_PORT)


def ecr_host(host: str) -> EcrHost | None:
    """What the name of a registry of AWS says; ``None`` for any other."""
    bare = bare_host(host)
    if bare in _ECR_PUBLIC:
        return EcrHost("us-east-1", is_public=True)
    match = _ECR.fullmatch(bare)
    return None if match is None else EcrHost(match["region"], is_china=bare.endswith(".cn"))


def is_gcp(host: str) -> bool:
    """Whether it is Artifact Registry, or Container Registry before it."""
    return _GCP.fullmatch(bare_host(host)) is not None


def azure_cloud(host: str) -> AzureCloud | None:
    """The cloud of a registry of Azure; ``None`` for any other."""
    match = _AZURE.fullmatch(bare_host(host))
    return None if match is None else _AZURE_CLOUDS[match["cloud"]]


def is_registry_of(cloud: str, host: str) -> bool:
    """Whether it is a registry of ``aws``, ``gcp`` or ``azure``."""
    if cloud == "aws":
        return ecr_host(host) is not None
    return azure_cloud(host) is not None if cloud == "azure" else cloud == "gcp" and is_gcp(host)
