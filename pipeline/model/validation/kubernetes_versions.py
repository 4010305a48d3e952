"""Which versions of Kubernetes manifests are meant for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.errors import ConfigurationError

_RANGE = re.compile(r"v?1\.(?P<first>[0-9]{1,3})(\.[0-9]+)?( *- *v?1\.(?P<last>[0-9]{1,3})(\.[0-9]+)?)?")


@dataclass(frozen=True, slots=True, order=True)
class KubernetesVersion:
    """A minor version of Kubernetes 1; patches change no API."""

    minor: int

    def __str__(self) -> str:
        return f"1.{self.minor}"


def parse_versions(text: str, known: Sequence[KubernetesVersion]) -> tuple[KubernetesVersion, ...]:
    """``1.35`` or ``1.33-1.35`` as the versions that it stands for, oldest first; empty: the newest that is known.

    Raises:
        ConfigurationError: it is none, or one of them is not known.
    """
    if not text:
        return (max(known),)
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        raise ConfigurationError(
            f"'{text}' is no version of Kubernetes; expected one such as {max(known)}, or a range such as"
            f" {KubernetesVersion(max(known).minor - 2)}-{max(known)}"
        )
    first = int(match["first"])
    last = int(match["last"] or first)
    if last < first:
        raise ConfigurationError(f"'{text}' begins with the newer version; expected the older one first")
    for minor in (first, last):
        if KubernetesVersion(minor) not in known:
            raise ConfigurationError(
                f"there are no schemas of Kubernetes 1.{minor}; known are {min(known)} to {max(known)}",
                hint="newer ones come with a newer kubernetes-validate: pip install --upgrade kubernetes-validate",
            )
    return tuple(version for version in sorted(known) if first <= version.minor <= last)


def versions_in_words(versions: Sequence[KubernetesVersion]) -> str:
    """``1.35``, ``1.33 to 1.35`` or ``1.33, 1.35``."""
    minors = [version.minor for version in versions]
    is_whole = minors == list(range(minors[0], minors[-1] + 1))
    if len(minors) == 1:
        return str(versions[0])
    if is_whole:
        return f"{versions[0]} {'and' if len(minors) == 2 else 'to'} {versions[-1]}"  # noqa: PLR2004 - a pair
    return ", ".join(map(str, versions))
