"""The README's guide is run as it stands: each ``$`` line in a shell, its output compared with what the README shows.

``--write`` runs it and puts the real output there. Digests, fingerprints and times differ from run to run and are
masked in the comparison. Beside the control plane, whose nodes only pretend to run pods, there are a registry and a
puller.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from click.testing import CliRunner

from pipeline.cli import application
from tests.delivery.help_blocks import README
from tests.platform.binaries import binary
from tests.platform.control_plane import cluster
from tests.platform.puller import puller
from tests.platform.registries import ReferrersRegistry

EXAMPLE = README.parent / "examples" / "shop"
_GUIDE = re.compile(r"(<!-- guide -->\n)(?P<body>.*?)(<!-- /guide -->\n)", re.DOTALL)
_BLOCK = re.compile(r"```console\n(.*?)```\n", re.DOTALL)
_VARYING = (
    (re.compile(r"(?i)sha256:(?:[0-9a-f]{64}|[0-9a-f]{8}\b)"), "sha256:…"),
    (re.compile(r"\([0-9a-f]{12}\)"), "(…)"),
    (re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z"), "…Z"),
    (re.compile(r"[0-9.]+ ?s\b"), "… s"),
)


_REGISTRY = "registry.example"
"""Whatever the address was."""


def guide(text: str) -> str:
    """The guide's part of the README."""
    match = _GUIDE.search(text)
    if match is None:
        raise ValueError("the README has no guide")
    return match["body"]


def blocks(text: str) -> list[str]:
    """The console blocks of a text."""
    return _BLOCK.findall(text)


def commands(block: str) -> Iterator[str]:
    """The lines that a reader types."""
    return (line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ "))


def masked(text: str) -> str:
    """Without what differs from run to run."""
    for pattern, replacement in _VARYING:
        text = pattern.sub(replacement, text)
    return text


def played(text: str, folder: Path, kubeconfig: Path, registry: str) -> str:
    """The text with every console block's output as it is now; all blocks share one shell, begun in ``folder``.

    Raises:
        RuntimeError: the shell could not run to its end.
    """
    script = ["exec 2>&1", "set -o pipefail"]
    for block in blocks(text):
        for command in commands(block):
            script += [f"printf '%s\\n' {_quoted('$ ' + command)}", command]
        script.append("printf '%s\\n' '=====block====='")
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-c", "\n".join(script)],
        cwd=folder,
        env={**_environment(kubeconfig), "REGISTRY": registry},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=840,
        check=False,
    )
    outputs = done.stdout.replace(registry, _REGISTRY).split("=====block=====\n")
    if len(outputs) != len(blocks(text)) + 1:
        raise RuntimeError(f"the guide stopped early:\n{done.stdout}\n{done.stderr}")
    replacements = iter(outputs)
    return _BLOCK.sub(lambda _: f"```console\n{next(replacements)}```\n", text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def _environment(kubeconfig: Path) -> dict[str, str]:
    tools = [str(binary(name).parent) for name in ("kustomize", "helm", "kubectl")]
    path = os.pathsep.join([str(Path(sys.executable).parent), *tools, "/usr/bin", "/bin"])
    return {"PATH": path, "HOME": str(Path.home()), "KUBECONFIG": str(kubeconfig), "LANG": "C.UTF-8"}


def play_readme() -> tuple[str, str]:
    """The guide as the README has it, and as it plays now on a control plane of its own."""
    shown = guide(README.read_text())
    with tempfile.TemporaryDirectory(prefix="gitless-guide-") as name:
        folder = Path(name)
        (folder / "examples").mkdir()
        shutil.copytree(EXAMPLE, folder / "examples" / "shop")
        with (
            cluster(folder / "cluster") as plane,
            ReferrersRegistry.start(folder / "registry") as registry,
        ):
            _define(plane.kubeconfig)
            with puller(folder / "puller", plane.kubeconfig):
                return shown, played(shown, folder, plane.kubeconfig, registry.address)


def _define(kubeconfig: Path) -> None:
    """The definitions beforehand: the puller that stands in for the pod watches from its start."""
    manifests = yaml.safe_load_all(CliRunner().invoke(application, ["install", "--export"]).output)
    found = yaml.safe_dump_all(body for body in manifests if body["kind"] == "CustomResourceDefinition")
    for command in (["apply", "--server-side", "-f", "-"], ["wait", "--for=condition=Established", "crd", "--all"]):
        subprocess.run(
            [binary("kubectl"), f"--kubeconfig={kubeconfig}", *command], input=found, check=True, text=True,
            capture_output=True,
        )  # fmt: skip


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    _shown, now = play_readme()
    README.write_text(_GUIDE.sub(lambda match: f"{match[1]}{now}{match[3]}", README.read_text()))
