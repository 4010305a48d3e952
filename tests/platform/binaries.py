"""The programs of the platform by name: ``binary("kustomize")``.

Looked for in this order:

1. ``$GITLESS_<NAME>`` (``GITLESS_KUBECTL``, ``GITLESS_KUBE_APISERVER``...), an explicit choice;
2. for the control plane alone, ``$KUBEBUILDER_ASSETS`` and PATH;
3. the cache, built or fetched on first use.

Other programs on PATH are not trusted: a ``kubectl`` there is often a
dispatcher to a much older one, and a test must not depend on which.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from .building import cached_path, installed_package, produce
from .catalogue import TOOLS, DebianTool, GoTool, Tool, tool_named
from .errors import PlatformError
from .progress import Progress


def binary(name: str) -> Path:
    """The program of that name, built or fetched when it is not there yet."""
    return ensure([name])[name]


def ensure(names: Iterable[str] | None = None) -> dict[str, Path]:
    """All programs of these names (all there are by default), with visible progress."""
    wanted = TOOLS if names is None else tuple(tool_named(name) for name in dict.fromkeys(names))
    found = {tool.name: available(tool) for tool in wanted}
    missing = [tool for tool in TOOLS if tool.name in found and found[tool.name] is None]
    progress = Progress(missing)
    for tool in missing:
        with progress.building(tool):
            found[tool.name] = produce(tool, waiting=progress.waiting)
    return {name: path for name, path in found.items() if path is not None}


def available(tool: Tool) -> Path | None:
    """Where the tool is now, or None when it would have to be built or fetched."""
    variable = f"GITLESS_{tool.name.replace('-', '_').upper()}"
    chosen = os.environ.get(variable)
    if chosen:
        path = Path(chosen).expanduser().absolute()
        if not os.access(path, os.X_OK):
            raise PlatformError(f"${variable} is {chosen}, which is not a program", hint=f"correct or unset {variable}")
        return path
    if isinstance(tool, DebianTool):
        return installed_package(tool)
    if isinstance(tool, GoTool) and tool.ambient:
        # An empty entry of a search path means the current directory: leave such out.
        places = os.pathsep.join(filter(None, map(os.environ.get, ("KUBEBUILDER_ASSETS", "PATH"))))
        found = shutil.which(tool.name, path=places)
        if found:
            return Path(found).absolute()
    path = cached_path(tool)
    return path if path.exists() else None
