"""Which kubeconfig counts, before any is read."""

from __future__ import annotations

from pathlib import Path

from pipeline.errors import ClusterError
from pipeline.model.settings.connections import ClusterOptions
from pipeline.ports import Environment


def kubeconfig_files(options: ClusterOptions, environment: Environment) -> str:
    """``--kubeconfig``, else ``KUBECONFIG`` (several, with colons), else ``~/.kube/config``; empty: there is none.

    Raises:
        ClusterError: one is named, and does not exist.
    """
    if options.kubeconfig is not None:
        if not Path(options.kubeconfig).expanduser().is_file():
            raise ClusterError(f"kubeconfig {options.kubeconfig} does not exist", code="cluster.configuration")
        return options.kubeconfig
    named = environment.get("KUBECONFIG", "")
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
