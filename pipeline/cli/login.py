"""``gitless login``."""

from __future__ import annotations

import os
from dataclasses import replace

import click

from pipeline.cli.options import argument, option, registry_options
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.artifact.reference import parse_registry
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.credentials import Credentials
from pipeline.model.settings.providers import AUTO, GENERIC
from pipeline.ports import Environment

_AUDIENCE = "GITLESS_IDENTITY_AUDIENCE"


@click.command()
@argument("registry", envvar="login_registry")
@registry_options
@option(
    "--credential-helper",
    metavar="NAME",
    help="Have docker-credential-NAME keep this registry's login; without a login, use the one that it has.",
)
@option("--identity-audience", metavar="TEXT", help="Audience of the CI's identity token, instead of the provider's.")
@talking()
def command(
    *,
    registry: str,
    credential_helper: str | None,
    identity_audience: str | None,
    registry_options: RegistryOptions,
    terminal: Terminal,
) -> None:
    """Log in to REGISTRY, and keep the login where docker keeps it, once the registry has accepted it.

    The file is $DOCKER_CONFIG/config.json or ~/.docker/config.json (or $REGISTRY_AUTH_FILE), for its owner alone. Where
    it names a credential helper, that keeps the login. Commands that are given --provider need no login step at all.

    \b
    gitless login ghcr.io --provider github                   # by the token of the job
    gitless login quay.io --username acme --password-stdin < token
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.stages.login import log_in, log_in_by_helper

    host = parse_registry(registry)
    environment: Environment = {**os.environ, _AUDIENCE: identity_audience} if identity_audience else os.environ
    options = replace(registry_options, username=None, password=None, provider=GENERIC)
    store = wiring.login_store(environment, options)
    accepts = wiring.login_check(options, environment, terminal.reporter, wiring.clock())
    if credential_helper is not None and registry_options.username is None and registry_options.provider == GENERIC:
        terminal.print_result(log_in_by_helper(host, credential_helper, store, accepts))
        return
    provider, credentials = _login(host, registry_options, environment)
    result = log_in(host, credentials, store, accepts, provider=provider, helper=credential_helper)
    if not result.verified:
        terminal.reporter.warn(f"{host} wants no login, so that nothing says whether this one is right")
    terminal.print_result(result)


def _login(host: str, options: RegistryOptions, environment: Environment) -> tuple[str, Credentials]:
    from pipeline import wiring

    if options.username and options.password:
        wiring.mask(environment)(options.password)
        return GENERIC, Credentials(options.username, options.password)
    provider = wiring.provider_for(host, options.provider, environment) if options.provider != GENERIC else None
    if provider is None and options.provider in {AUTO, GENERIC}:
        raise UsageError(
            f"{host}: there is nothing to log in with",
            hint="--username with --password-stdin, --provider, or --credential-helper",
        )
    if provider is None:
        raise UsageError(
            f"{host} is no registry of {options.provider}", hint="--provider auto finds out whose registry it is"
        )
    return provider, wiring.identity(provider, environment, ca_file=options.ca_file).credentials(host)
