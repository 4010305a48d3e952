"""What is to be built: one frozen value per source."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath


@dataclass(frozen=True, slots=True)
class HelmOptions:
    """What ``helm template`` is told; empty means Helm's own default."""

    release: str = ""
    namespace: str = ""
    values_files: tuple[str, ...] = ()
    set_values: tuple[str, ...] = ()
    include_crds: bool = True
    kube_version: str = ""
    api_versions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """A folder or file and, where it is a chart, how to render it; ``renderer`` empty means detect."""

    path: PurePath
    renderer: str = ""
    helm: HelmOptions = field(default_factory=HelmOptions)
