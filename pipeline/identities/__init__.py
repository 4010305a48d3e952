"""Who a CI job or a cloud's machine is, exchanged for a login to a registry; one file per provider.

Nothing is imported, asked or sent before a registry wants a login, and a login goes to its provider's registries alone.
"""

from __future__ import annotations

from pipeline.identities.discretion import Discretion
from pipeline.model.settings.providers import PROVIDERS
from pipeline.ports import Environment, Mask, RegistryIdentity


def open_identity(
    provider: str, environment: Environment, mask: Mask, *, ca_file: str | None = None
) -> RegistryIdentity:
    """One provider's; ``ca_file`` is the authority of the registry's certificate, where it is nobody's well-known."""
    discretion = Discretion(mask)
    if provider == "github":
        from pipeline.identities.github import GitHubIdentity

        return GitHubIdentity(environment, discretion)
    if provider == "gitlab":
        from pipeline.identities.gitlab import GitLabIdentity

        return GitLabIdentity(environment, discretion)
    if provider == "aws":
        from pipeline.identities.aws import AwsIdentity

        return AwsIdentity(environment, discretion)
    if provider == "gcp":
        from pipeline.identities.gcp import GcpIdentity

        return GcpIdentity(environment, discretion)
    from pipeline.identities.azure import AzureIdentity

    return AzureIdentity(environment, discretion, ca_file)


def provider_of(host: str, environment: Environment) -> str | None:
    """The provider whose registry this is, by its name and the CI's variables."""
    for provider in PROVIDERS:
        if open_identity(provider, environment, lambda _secret: None).serves(host):
            return provider
    return None
