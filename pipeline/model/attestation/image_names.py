"""Names of container images, as container runtimes read them.

Grammar: ``distribution/reference`` (``regexp.go`` and ``normalize.go``); package URLs: the purl
specification's type ``oci``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?"
_NAME = re.compile(
    rf"(?:(?P<host>{_HOST})/)?(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9._-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_DEFAULT_HOST = "docker.io"
_LONGEST = 1024
"""Characters; what is longer is no name of an image."""


@dataclass(frozen=True, slots=True)
class ImageName:
    """An image by its whole name: ``host`` and ``path`` as a registry knows them; tag and digest may be empty."""

    host: str
    path: str
    tag: str = ""
    digest: str = ""

    @property
    def repository(self) -> str:
        """``docker.io/library/nginx``."""
        return f"{self.host}/{self.path}"


def parse_image_name(text: str) -> ImageName | None:
    """Read a name as in a pod's ``image``, its defaults filled in; ``None`` where it is none."""
    match = _NAME.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    host, path = match["host"] or "", match["path"]
    if host and not (host == "localhost" or "." in host or ":" in host or host != host.lower()):
        # A first part that looks like no host is a part of the path.
        host, path = "", f"{host}/{path}"
    if host in {"", "index.docker.io"}:
        host = _DEFAULT_HOST
    if host == _DEFAULT_HOST and "/" not in path:
        path = f"library/{path}"
    return ImageName(host, path, match["tag"] or "", match["digest"] or "")


def oci_purl(name: str, digest: str = "", *, repository: str = "", tag: str = "") -> str:
    """``pkg:oci/NAME@DIGEST?repository_url=HOST/PATH&tag=…``; what is empty is left out."""
    version = f"@{quote(digest, safe=':')}" if digest else ""
    qualifiers = {"repository_url": quote(repository, safe="/:"), "tag": quote(tag, safe="")}
    given = "&".join(f"{key}={value}" for key, value in qualifiers.items() if value)
    return f"pkg:oci/{quote(name.lower(), safe='')}{version}{'?' if given else ''}{given}"
