"""From a kubeconfig to an authenticated connection pool."""

from __future__ import annotations

import binascii
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

import yaml
from kubernetes.client import ApiClient, Configuration
from kubernetes.config import ConfigException
from kubernetes.config.kube_config import KubeConfigLoader, KubeConfigMerger

from pipeline.clusters.kubernetes.chosen_context import complaint
from pipeline.errors import ClusterError
from pipeline.model.settings.connections import ClusterOptions
from pipeline.ports import Reporter

_CONNECTIONS = 64
"""More than any concurrency: urllib3 throws away and complains about connections beyond its pool."""
_CREDENTIALS_AGE = 20.0
"""Seconds; the client renews what expires within five minutes."""
_HINT = "check the kubeconfig: `kubectl config view` shows it"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TOKEN = re.compile(r"[A-Za-z0-9_=+/.-]{40,}")


@dataclass(frozen=True, slots=True)
class Chosen:
    """A context, read but not yet turned into a connection."""

    name: str
    namespace: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Whom to impersonate."""


class Access:
    """How to reach one API server and who we are there; safe in many threads."""

    def __init__(self, load: Callable[[], tuple[Any, Chosen]]) -> None:
        """``load`` reads the configuration; once more where its credentials are no longer accepted.

        Raises:
            ClusterError: it cannot be used.
        """
        self._load = load
        self._lock = Lock()
        self._reload()

    def headers(self) -> Mapping[str, str]:
        """What authenticates a request; credentials that say when they expire are renewed in time.

        Raises:
            ClusterError: they cannot be read.
        """
        with self._lock:
            if time.monotonic() - self._read > _CREDENTIALS_AGE:
                self._read_credentials()
            return self._headers

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Whether there are other credentials than the refused ones by now; the configuration is read again for that.

        Raises:
            ClusterError: it cannot be used any more.
        """
        with self._lock:
            if self._headers is refused and time.monotonic() - self._loaded > _CREDENTIALS_AGE:
                self._reload()
            return self._headers is not refused

    def _reload(self) -> None:
        configuration, chosen = self._load()
        configuration.connection_pool_maxsize = _CONNECTIONS
        configuration.retries = False
        self.context: str = chosen.name
        self.namespace: str = chosen.namespace
        self.server: str = configuration.host.rstrip("/")
        self.verifies: bool = configuration.verify_ssl
        with _one_message(f"context {chosen.name}"):
            self.pool = ApiClient(configuration).rest_client.pool_manager
        self._configuration = configuration
        self._impersonation = dict(chosen.headers)
        self._loaded = time.monotonic()
        self._read_credentials()

    def _read_credentials(self) -> None:
        # A plug-in that fails now is no error yet: the old credentials are good for some minutes.
        with _one_message(f"context {self.context}"), _logged():
            credentials = self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization") or ""
            if not credentials.isascii():
                raise ConfigException("its token has characters that no token has")
        # Token files end with a line break more often than not.
        headers = {"Authorization": credentials.strip()} if credentials else {}
        self._headers = headers | self._impersonation
        self._read = time.monotonic()


def load_access(files: str, options: ClusterOptions, reporter: Reporter) -> Access:
    """The chosen context of the kubeconfig files (several, with colons).

    Raises:
        ClusterError: they cannot be used; the message says which was tried and why not.
    """

    def load() -> tuple[Any, Chosen]:
        configuration = Configuration()
        return configuration, _from_files(files, options.context, configuration)

    access = Access(load)
    if not access.verifies:
        import urllib3

        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        reporter.warn(
            f"context {access.context} does not verify the API server's certificate (insecure-skip-tls-verify)"
        )
    return access


def _from_files(files: str, context: str | None, configuration: Any) -> Chosen:  # noqa: ANN401 - kubernetes' own
    with _one_message(f"kubeconfig {files}"), _logged() as complaints:
        _check_shape(files)
        merger = KubeConfigMerger(files)  # type: ignore[no-untyped-call]
        if merger.config is None:
            raise ConfigException("it is empty")
        name = context or _current_context(merger.config_files)
        entry, user = _find_context(merger.config_files, name, files)
        loader = KubeConfigLoader(  # type: ignore[no-untyped-call]
            config_dict=merger.config,
            active_context=name,
            config_base_path=None,
            config_persister=merger.save_changes,
        )
        loader.load_and_set(configuration)  # type: ignore[no-untyped-call]
        if "exec" in user and not configuration.api_key and not configuration.cert_file:
            raise ConfigException("; ".join(complaints) or "its exec plug-in gave no credentials")
        return Chosen(name, entry.get("namespace") or "default", _impersonation(user))


def _check_shape(files: str) -> None:
    """Before the client falls over it; each file is small, and reading it twice costs a millisecond."""
    for name in filter(None, files.split(":")):
        file = Path(name).expanduser()
        content = yaml.load(file.read_bytes(), Loader=_LOADER) if file.is_file() else {}  # noqa: S506 - a safe loader
        is_mapping = isinstance(content, Mapping)
        lists = [content.get(key) or [] for key in ("contexts", "clusters", "users")] if is_mapping else [None]
        if not all(isinstance(entries, list) and all(map(_is_named, entries)) for entries in lists):
            raise ConfigException("expected a mapping with lists of named contexts, clusters and users")


def _is_named(entry: object) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get("name"), str)


def _current_context(files: Mapping[str, Mapping[str, Any]]) -> str:
    """The first file that names one decides, as for kubectl; the client's own rule is that the last one does."""
    for content in files.values():
        if content.get("current-context"):
            return str(content["current-context"])
    raise ClusterError(
        f"kubeconfig {':'.join(files)} has no current context",
        hint=f"choose one with --context; there are: {_names(files) or 'none'}",
        code="cluster.configuration",
    )


def _find_context(
    files: Mapping[str, Mapping[str, Any]], name: str, label: str
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The context and its user."""
    entry = _first(files, "contexts", name)
    if entry is None:
        raise ClusterError(
            f"kubeconfig {label} has no context '{name}'",
            hint=f"there are: {_names(files) or 'none'}",
            code="cluster.configuration",
        )
    context = entry.get("context") or {}
    user = _first(files, "users", context.get("user", ""))
    wrong = complaint(context, _first(files, "clusters", context.get("cluster", "")), user)
    if wrong is not None:
        raise ClusterError(
            f"kubeconfig {label}: context '{name}' cannot be used: {wrong}", hint=_HINT, code="cluster.configuration"
        )
    return context, (user or {}).get("user") or {}


def _first(files: Mapping[str, Mapping[str, Any]], section: str, name: str) -> Mapping[str, Any] | None:
    found = (entry for content in files.values() for entry in content.get(section) or () if entry["name"] == name)
    return next(found, None)


def _names(files: Mapping[str, Mapping[str, Any]]) -> str:
    return ", ".join(str(entry["name"]) for content in files.values() for entry in content.get("contexts") or ())


def _impersonation(user: Mapping[str, Any]) -> dict[str, str]:
    """``as`` of a kubeconfig's user, which the client ignores: it would act with more rights than asked for."""
    if user.get("as-groups") or user.get("as-user-extra"):
        raise ConfigException("impersonation with as-groups or as-user-extra is not supported; only as and as-uid are")
    names = {"as": "Impersonate-User", "as-uid": "Impersonate-Uid"}
    return {header: str(user[key]) for key, header in names.items() if user.get(key)}


@contextmanager
def _one_message(subject: str) -> Iterator[None]:
    """Turn whatever goes wrong with a configuration into one error without credentials."""
    try:
        yield
    except ClusterError:
        raise
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" (line {mark.line + 1})" if mark is not None else ""
        raise ClusterError(f"{subject} is not valid YAML{place}", hint=_HINT, code="cluster.configuration") from None
    except binascii.Error:
        what = "a field ending in -data is not base64"
        raise ClusterError(f"{subject} cannot be used: {what}", hint=_HINT, code="cluster.configuration") from None
    except Exception as error:  # noqa: BLE001 - the client raises whatever a damaged file makes Python raise
        why = error.strerror if isinstance(error, OSError) else str(error)
        text = _TOKEN.sub("…", " ".join((why or type(error).__name__).split()))[:300]
        raise ClusterError(f"{subject} cannot be used: {text}", hint=_HINT, code="cluster.configuration") from None


class _Complaints(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


@contextmanager
def _logged() -> Iterator[list[str]]:
    """The client only logs that an exec plug-in failed; take that from the log, where nobody else would see it."""
    handler = _Complaints()
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield handler.texts
    finally:
        root.removeHandler(handler)
