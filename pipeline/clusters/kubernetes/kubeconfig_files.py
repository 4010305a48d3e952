"""Which kubeconfig counts, before any is read."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import ClusterError
from pipeline.model.settings.connections import ClusterOptions
from pipeline.ports import Environment


def kubeconfig_files(options: ClusterOptions, environment: Environment) -> str:
    """``--kubeconfig``, else ``KUBECONFIG`` (several, with colons), else ``~/.kube/config``; empty: there is none.

    A folder stands for the file ``kubeconfig`` in it: a Tekton workspace is one, which may not be bound.

    Raises:
        ClusterError: one is named, and does not exist.
    """
    if options.kubeconfig is not None:
        given = _file(options.kubeconfig)
        if not Path(given).expanduser().is_file():
            raise ClusterError(f"kubeconfig {given} does not exist", code="cluster.configuration")
        return given
    named = ":".join(_file(name) for name in environment.get("KUBECONFIG", "").split(":"))
    if named.strip(":"):
        if not any(Path(file).expanduser().is_file() for file in named.split(":") if file):
            raise ClusterError(
                f"KUBECONFIG is {named}, and no such file exists",
                hint="set KUBECONFIG or --kubeconfig to an existing file",
                code="cluster.configuration",
            )
        return named
    home = environment.get("HOME")
    default = Path(home) / ".kube" / "config" if home else None
    return str(default) if default is not None and default.is_file() else ""


def _file(name: str) -> str:
    return str(Path(name) / "kubeconfig") if name and Path(name).expanduser().is_dir() else name
