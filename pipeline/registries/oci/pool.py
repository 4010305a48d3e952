"""Registries for a process that lives long and asks for the same repositories again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import replace
from threading import Lock

from pipeline.loading import Loaded
from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from pipeline.ports import Clock, FindLogin, Registry, Reporter
from pipeline.registries.oci.credentials import find_credentials
from pipeline.registries.oci.endpoints import endpoint_of
from pipeline.registries.oci.failures import LostConnectionError
from pipeline.registries.oci.registry import OciRegistry
from pipeline.registries.oci.resting import Resting
from pipeline.registries.oci.sessions import Observe, Sessions
from pipeline.registries.oci.transport import Transport

_Key = tuple[Repository, RegistryOptions, tuple[tuple[str, str], ...]]


class RegistryPool:
    """Keeps repositories with the logins and tokens that they got, the least recently used going first.

    What a repository is reached with is part of its identity, so that another password means another login at once.
    Safe in many threads.
    """

    def __init__(
        self,
        reporter: Reporter,
        clock: Clock,
        *,
        observe: Observe | None = None,
        max_registries: int = 2048,
        max_sessions: int = 64,
        resting: Resting | None = None,
        identify: Callable[[str, RegistryOptions], FindLogin | None] = lambda _host, _options: None,
    ) -> None:
        self._reporter = reporter
        self._clock = clock
        self._identify = identify
        self._sessions = Sessions(max_sessions, observe, resting)
        self._limit = max_registries
        self._lock = Lock()
        self._registries: OrderedDict[_Key, Registry] = OrderedDict()
        self._plain: OrderedDict[tuple[object, ...], bool] = OrderedDict()

    def connect(self, repository: Repository, options: RegistryOptions, environment: Mapping[str, str]) -> Registry:
        """The repository; nothing is sent, except to find out whether it speaks TLS where it need not.

        Raises:
            RegistryError: it does not answer where that has to be found out.
        """
        if options.allow_plain_http:
            options = self._settled(repository, options, environment)
        key = (repository, options, tuple(sorted(environment.items())))
        with self._lock:
            found = self._registries.get(key)
            if found is None:
                found = self._registries[key] = self._registry(repository, options, environment)
                if len(self._registries) > self._limit:
                    self._registries.popitem(last=False)
            else:
                self._registries.move_to_end(key)
        return found

    def _registry(self, repository: Repository, options: RegistryOptions, environment: Mapping[str, str]) -> Registry:
        transport = self._transport(repository, options, environment)
        return OciRegistry(repository, options, transport.endpoint, Loaded(transport))

    def _transport(self, repository: Repository, options: RegistryOptions, environment: Mapping[str, str]) -> Transport:
        identify = self._identify(repository.host, options)
        return Transport(
            endpoint_of(repository, options),
            options,
            lambda refused: find_credentials(repository, options, environment, identify, refused),
            environment,
            self._reporter,
            self._clock,
            self._sessions,
        )

    def _settled(
        self, repository: Repository, options: RegistryOptions, environment: Mapping[str, str]
    ) -> RegistryOptions:
        """The options with the scheme that the registry was found to speak, which is remembered per host."""
        secure = replace(options, allow_plain_http=False)
        plain = RegistryOptions(
            options.username,
            options.password,
            plain_http=True,
            timeout=options.timeout,
            identity_token=options.identity_token,
            access_token=options.access_token,
            proxy=options.proxy,
            patient=options.patient,
            provider=options.provider,
        )
        key = (repository.host, secure.ca_file, secure.cert_file, secure.verify_tls, secure.proxy)
        with self._lock:
            is_plain = self._plain.get(key)
        if is_plain is None:
            is_plain = self._speaks_no_tls(
                self._transport(repository, secure, environment), self._transport(repository, plain, environment)
            )
            with self._lock:
                self._plain[key] = is_plain
                if len(self._plain) > self._limit:
                    self._plain.popitem(last=False)
        return plain if is_plain else secure

    @staticmethod
    def _speaks_no_tls(secure: Transport, plain: Transport) -> bool:
        if secure.endpoint.scheme == "http":
            return True
        try:
            secure.knock()
        except LostConnectionError as lost:
            # A certificate that is not trusted is no reason to do without any.
            if lost.speaks_tls:
                return False
        else:
            return False
        plain.knock()
        return True
