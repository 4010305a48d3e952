"""Kubernetes' published schemas, from the data of the wheel ``kubernetes-validate``, whose own code is not used."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.model.validation.kubernetes_versions import KubernetesVersion

_WHEEL = "kubernetes_validate"
_FOLDER = re.compile(r"v1\.(?P<minor>[0-9]+)\.[0-9]+-local-strict")
"""Strict: a field that no schema names is refused."""


@cache
def known_versions() -> tuple[KubernetesVersion, ...]:
    """Every version that there are schemas of, oldest first.

    Raises:
        ConfigurationError: the data are not there.
    """
    return tuple(sorted(_folders()))


def read_definitions(version: KubernetesVersion) -> Mapping[str, Any]:
    """Every definition of that version, by its full name such as ``io.k8s.api.apps.v1.Deployment``.

    Raises:
        ConfigurationError: the data cannot be read.
    """
    file = _folders()[version] / "_definitions.json"
    try:
        definitions: Mapping[str, Any] = json.loads(file.read_bytes())["$defs"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise _broken(f"{file}: {error}") from None
    return definitions


@lru_cache(maxsize=1024)
def versions_with(api_version: str, kind: str) -> tuple[KubernetesVersion, ...]:
    """Every version in which Kubernetes itself has the kind in that API version, told by the names of the files."""
    group, _, version = api_version.rpartition("/")
    label = group.partition(".")[0]
    if group and "." in group and not group.endswith(".k8s.io"):
        return ()  # a custom resource, whose files would have the same name
    name = "-".join(part for part in (kind.lower(), label, version) if part) + ".json"
    if "/" in name or "\0" in name:
        return ()
    return tuple(sorted(known for known, folder in _folders().items() if (folder / name).is_file()))


@cache
def _folders() -> Mapping[KubernetesVersion, Path]:
    spec = find_spec(_WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise _broken("the package kubernetes-validate is not installed")
    root = Path(spec.submodule_search_locations[0], "kubernetes-json-schema")
    try:
        found = {
            KubernetesVersion(int(match["minor"])): folder
            for folder in root.iterdir()
            if (match := _FOLDER.fullmatch(folder.name))
        }
    except OSError as error:
        raise _broken(f"{root}: {error.strerror}") from None
    if not found:
        raise _broken(f"{root} holds no schemas")
    return found


def _broken(what: str) -> ConfigurationError:
    return ConfigurationError(
        f"the schemas of Kubernetes cannot be read: {what}",
        hint="install the package again: pip install --force-reinstall kubernetes-validate",
    )
