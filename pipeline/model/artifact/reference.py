"""Names of artifacts: ``oci://HOST/REPO[:TAG][@sha256:…]`` and ``oci-layout:DIR[:TAG|@sha256:…]``.

A tag is not a digest: whatever signs, applies or records takes a :class:`PinnedReference`, which cannot be made
without one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.errors import UsageError
from pipeline.model.documents.printable import printable

REGISTRY_SCHEME = "oci://"
LAYOUT_SCHEME = "oci-layout:"

# Grammar of the OCI distribution specification 1.1, "Pulling manifests".
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_HOST = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_LOGIN = re.compile(r"^((?:[a-z]+://)?)[^/@:]*:(?![0-9]{1,5}/)[^@]*@(?!sha256:)")
_LAST_PORT = 65535
_SHOWN = 200
"""Characters of a text that is no name, in a message."""
_EXPECTED = "expected oci://HOST/REPOSITORY[:TAG][@sha256:DIGEST] or oci-layout:FOLDER[:TAG][@sha256:DIGEST]"


@dataclass(frozen=True, slots=True)
class Repository:
    """Where artifacts are kept: a repository on a registry (``host`` set), or a layout folder (``host`` empty)."""

    host: str
    path: str

    @property
    def is_layout(self) -> bool:
        """Whether this is a folder in OCI image layout."""
        return not self.host

    @property
    def name(self) -> str:
        """``HOST/PATH`` for a registry, the folder for a layout: without scheme, as other tools print it."""
        return self.path if self.is_layout else f"{self.host}/{self.path}"

    def __str__(self) -> str:
        return f"{LAYOUT_SCHEME}{self.path}" if self.is_layout else f"{REGISTRY_SCHEME}{self.host}/{self.path}"


@dataclass(frozen=True, slots=True)
class Reference:
    """An artifact by repository and, where given, tag and digest."""

    repository: Repository
    tag: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}" + (f"@{self.digest}" if self.digest else "")

    def pinned(self) -> PinnedReference:
        """The same with its digest as proof.

        Raises:
            UsageError: there is no digest.
        """
        if self.digest is None:
            raise UsageError(
                f"{self} has no digest, and a tag can move at any time",
                hint=f"give the digest: {self.repository}@sha256:… (`gitless list {self.repository}` shows it)",
                code="usage.digest-required",
            )
        return PinnedReference(self.repository, self.digest, self.tag)


@dataclass(frozen=True, slots=True)
class PinnedReference:
    """An artifact by digest; ``tag`` is only remembered for people."""

    repository: Repository
    digest: str
    tag: str | None = None

    def __post_init__(self) -> None:
        if not is_digest(self.digest):
            raise UsageError(f"'{self.digest}' is not a digest; expected sha256: and 64 hexadecimal digits")

    @property
    def digest_url(self) -> str:
        """``oci://HOST/REPO@sha256:…``: names exactly this content, for ever."""
        return f"{self.repository}@{self.digest}"

    @property
    def reference(self) -> Reference:
        """The same as whoever names an artifact would give it."""
        return Reference(self.repository, self.tag, self.digest)

    def __str__(self) -> str:
        return self.digest_url


def is_digest(text: str) -> bool:
    """Whether the text is a ``sha256:`` digest, the one algorithm that Flux, cosign and we all use."""
    return _DIGEST.fullmatch(text) is not None


def is_reference(text: str) -> bool:
    """Whether the text names an artifact (and not a folder, ``live`` or anything else)."""
    return text.startswith((REGISTRY_SCHEME, LAYOUT_SCHEME))


def parse_registry(text: str) -> str:
    """The ``HOST[:PORT]`` of a registry, which may also be given as a URL or as a reference to something in it.

    Raises:
        UsageError: it names none.
    """
    bare = text.strip()
    for scheme in (REGISTRY_SCHEME, "https://", "http://"):
        bare = bare.removeprefix(scheme)
    host = bare.partition("/")[0]
    port = host.rpartition(":")[2] if not host.endswith("]") and ":" in host else ""
    if _HOST.fullmatch(host) is None or (port and int(port) > _LAST_PORT):
        # Whoever wrote a password into it does not want it repeated.
        shown = "the text" if "@" in host else ascii(host)[:80]
        raise UsageError(f"{shown} names no registry; expected HOST[:PORT], such as ghcr.io")
    return host


def parse_reference(text: str) -> Reference:
    """Read a reference of either scheme.

    Raises:
        UsageError: the text does not follow the grammar; the message says which part.
    """
    if text.startswith(REGISTRY_SCHEME):
        return _parse_registry(text)
    if text.startswith(LAYOUT_SCHEME):
        return _parse_layout(text)
    raise UsageError(f"'{_shown(text)}' is not an artifact reference; {_EXPECTED}")


def check_tag(tag: str) -> str:
    """Return the tag if it follows the grammar.

    Raises:
        UsageError: it does not.
    """
    if _TAG.fullmatch(tag) is None:
        raise UsageError(
            f"'{printable(tag, _SHOWN)}' is not a tag; expected up to 128 letters, digits, '.', '_' or '-', not"
            " beginning with '.' or '-'"
        )
    return tag


def _split_digest(text: str, rest: str) -> tuple[str, str | None]:
    rest, at, digest = rest.partition("@")
    if not at:
        return rest, None
    if not is_digest(digest):
        raise UsageError(
            f"'{_shown(text)}': what follows '@' is not a digest; expected sha256: and 64 hexadecimal digits"
        )
    return rest, digest


def _shown(text: str) -> str:
    """The text for a message: at a bearable length, and without a password that somebody wrote before the host."""
    return printable(_LOGIN.sub(r"\1…@", text), _SHOWN)


def _parse_registry(text: str) -> Reference:
    rest, digest = _split_digest(text, text.removeprefix(REGISTRY_SCHEME))
    host, slash, path = rest.partition("/")
    if not slash or not path or _HOST.fullmatch(host) is None:
        raise UsageError(f"'{_shown(text)}' lacks a registry host or a repository; {_EXPECTED}")
    port = host.rpartition("]")[2].partition(":")[2]
    if port and not 0 < int(port) <= _LAST_PORT:
        raise UsageError(f"'{_shown(text)}': {port} is no port; expected 1 to {_LAST_PORT}")
    path, colon, tag = path.partition(":")
    if _PATH.fullmatch(path) is None:
        raise UsageError(
            f"'{_shown(text)}': '{printable(path, _SHOWN)}' is not a repository name; expected lower-case letters,"
            " digits, '.', '_', '-' and '/'"
        )
    return Reference(Repository(host, path), check_tag(tag) if colon else None, digest)


def _parse_layout(text: str) -> Reference:
    folder, digest = _split_digest(text, text.removeprefix(LAYOUT_SCHEME))
    # Only a colon behind the last slash begins a tag, so that folders may have colons in their parents.
    parent, slash, last = folder.rpartition("/")
    last, colon, tag = last.partition(":")
    folder = f"{parent}{slash}{last}"
    if not folder:
        raise UsageError(f"'{_shown(text)}' lacks a folder; {_EXPECTED}")
    return Reference(Repository("", folder.rstrip("/") or "/"), check_tag(tag) if colon else None, digest)
