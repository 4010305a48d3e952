"""Registries over HTTP: ``connect`` gives one repository of one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.errors import UsageError
from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.ports import Clock, Environment, FindLogin, Registry, Reporter

if TYPE_CHECKING:
    from pipeline.registries.oci.transport import Transport


def connect(
    repository: Repository,
    options: RegistryOptions,
    environment: Environment,
    reporter: Reporter,
    *,
    clock: Clock | None = None,
    identify: FindLogin | None = None,
) -> Registry:
    """A registry's repository; nothing is sent, and no login is looked for, before the first call.

    Returns at once and loads the HTTP client meanwhile: call it before long work that needs no registry. ``identify``
    gives the login that an identity of CI or cloud is exchanged for; it is asked when the registry wants one.

    Raises:
        UsageError: the options contradict each other.
    """
    from pipeline.loading import Loading
    from pipeline.registries.oci.endpoints import endpoint_of
    from pipeline.registries.oci.registry import OciRegistry

    _check(options)
    endpoint = endpoint_of(repository, options)

    def load() -> Transport:
        from pipeline.registries.oci.credentials import find_credentials
        from pipeline.registries.oci.retries import SystemClock
        from pipeline.registries.oci.transport import Transport

        return Transport(
            endpoint,
            options,
            lambda refused: find_credentials(repository, options, environment, identify, refused),
            environment,
            reporter,
            clock or SystemClock(),
        )

    return OciRegistry(repository, options, endpoint, Loading(load))


def _check(options: RegistryOptions) -> None:
    if options.plain_http and options.cert_file is not None:
        raise UsageError("--plain-http has no use for a client certificate; leave one of the two away")
    if options.key_file is not None and options.cert_file is None:
        raise UsageError("--key-file needs the certificate that it belongs to: --cert-file")
    if bool(options.username) != bool(options.password):
        missing = "--password-stdin" if options.username else "--username"
        raise UsageError(f"a registry login needs a user and a password; {missing} is missing")
