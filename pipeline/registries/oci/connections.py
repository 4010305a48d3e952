"""TLS for registries, and oras without what it never uses here."""

from __future__ import annotations

import importlib
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from types import ModuleType
from typing import Any

import requests.adapters

from pipeline.errors import ConfigurationError
from pipeline.registries.oci.endpoints import Endpoint


class _JsonSchemaWhenUsed(ModuleType):
    """Stands for jsonschema until something of it is used."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module has under that name
        return getattr(importlib.import_module("jsonschema"), name)


@contextmanager
def without_jsonschema() -> Iterator[None]:
    """Import oras without jsonschema, which is half of its import time and checks only what oras itself would push.

    The standard library's LazyLoader does not help: up to Python 3.11 the import statement itself makes it load.
    """
    if "jsonschema" in sys.modules:
        yield
        return
    sys.modules["jsonschema"] = _JsonSchemaWhenUsed("jsonschema")
    try:
        yield
    finally:
        if isinstance(sys.modules.get("jsonschema"), _JsonSchemaWhenUsed):
            del sys.modules["jsonschema"]


def container_of(endpoint: Endpoint) -> Any:  # noqa: ANN401 - oras has no type information
    """A repository as oras names it, which makes the URLs."""
    with without_jsonschema():
        import oras.container

    authority = endpoint.authority
    if "." not in authority and ":" not in authority:
        # oras takes a host without dot and port for a part of the path.
        authority = f"{authority}:{80 if endpoint.scheme == 'http' else 443}"
    return oras.container.Container(f"{authority}/{endpoint.path}")


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """PEM files: an authority to trust besides the system's, and who we are."""

    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = None
    verify: bool = True

    def context(self) -> ssl.SSLContext:
        """TLS 1.2 or newer, against the system's authorities and ours; unchecked only where ``verify`` is off.

        Raises:
            ConfigurationError: a file cannot be read or is not PEM.
        """
        context = ssl.create_default_context()
        places = ssl.get_default_verify_paths()
        if not any((places.cafile, places.capath)):
            # A system without any authorities, such as a bare container image.
            context.load_verify_locations(requests.adapters.DEFAULT_CA_BUNDLE_PATH)
        if self.ca_file is not None:
            with _readable(self.ca_file, "certificate authorities"):
                context.load_verify_locations(self.ca_file)
        if self.cert_file is not None:
            with _readable(self.cert_file, "a certificate with its key"):
                # An encrypted key must not make OpenSSL ask on the terminal.
                context.load_cert_chain(self.cert_file, self.key_file, password="")
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


@contextmanager
def _readable(file: str, what: str) -> Iterator[None]:
    try:
        yield
    except ssl.SSLError as error:
        raise ConfigurationError(f"{file}: expected {what} in PEM format ({error.reason or 'unreadable'})") from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ConfigurationError(f"{file}: cannot read {what}: {why}") from error


class TlsAdapter(requests.adapters.HTTPAdapter):
    """requests' connections with our TLS settings, loaded when the first connection needs them."""

    def __init__(self, tls: TlsFiles) -> None:
        self._tls = tls
        self._lock = Lock()
        self._context: ssl.SSLContext | None = None
        super().__init__(pool_maxsize=16)

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> Any:  # noqa: ANN401
        """Ours for every request, whatever requests would make of ``verify`` and ``cert``."""
        host, settings = super().build_connection_pool_key_attributes(request, verify, cert)
        if host["scheme"] != "https":
            return host, settings
        with self._lock:
            self._context = self._context or self._tls.context()
        return host, {"ssl_context": self._context, "cert_reqs": "CERT_REQUIRED" if self._tls.verify else "CERT_NONE"}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:  # noqa: ANN401 - see above
        """Nothing: all of it is in the context."""
