"""``make demo``: begin building the control plane, show the half that needs none, then chain and puller on it."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from examples.demo.chain import offline_half, whole_chain
from examples.demo.local_puller import PROGRAMS
from examples.demo.narration import DemoError, Narrator
from examples.demo.pulling import cluster_pulls
from examples.demo.reviewing import see_before_it_happens
from examples.demo.trusting import trust_without_keys
from tests.platform.binaries import binary
from tests.platform.errors import PlatformError

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ("helm", "kubectl")
PLATFORM_TOOLS = (
    "registry",
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
    "sigstore-mock",
    *PROGRAMS,
)


def main() -> int:
    """Run the demo; returns the exit code."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="only the half that needs no cluster")
    parser.add_argument("--down", action="store_true", help="stop what an earlier demo left running")
    parser.add_argument("--state", type=Path, default=ROOT / ".demo", help="where everything of the demo is kept")
    arguments = parser.parse_args()
    state: Path = arguments.state.absolute()
    if arguments.down:
        return _down(state)
    try:
        return _demo(state, quick=arguments.quick)
    except (DemoError, PlatformError) as error:
        sys.stderr.write(f"\nThe demo stopped: {error}\nLogs are kept in {state}\n")
        return 1


def _demo(state: Path, *, quick: bool) -> int:
    platform = state / "platform"
    _down(state)
    shutil.rmtree(state, ignore_errors=True)
    workspace = state / "shop"
    shutil.copytree(ROOT / "examples" / "shop", workspace)
    _platform("setup", *TOOLS)
    build = None if quick else _build_in_background(state)
    narrator = Narrator(workspace, _environment())
    offline_half(narrator)
    if build is None:
        narrator.say("\nThat was the half without a cluster. `make demo` runs the whole chain on a real API server.")
        return 0
    if build.poll() is None:
        narrator.say("\nThe control plane is still being built (only the first time); this is how far it is:")
    if _platform("setup", *PLATFORM_TOOLS, check=False) or build.wait():
        raise DemoError(f"the platform could not be built; see {state}/platform-build.log")
    _platform("up", "--detach", "--directory", str(platform))
    kubeconfig = platform / "kubeconfig"
    environment = {**_environment(), "KUBECONFIG": str(kubeconfig)}
    narrator = Narrator(workspace, environment, started=narrator.started, step=narrator.step)
    registry = (platform / "registry-address").read_text().strip()
    _write_environment(state, environment, registry)
    whole_chain(narrator, registry)
    see_before_it_happens(narrator, registry)
    trust_without_keys(narrator, registry, state)
    cluster_pulls(narrator, registry, platform)
    return 0


def _build_in_background(state: Path) -> subprocess.Popen[bytes]:
    log = (state / "platform-build.log").open("wb")
    return subprocess.Popen(
        [sys.executable, "-m", "tests.platform", "setup", *PLATFORM_TOOLS],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
    )


def _platform(*arguments: str, check: bool = True) -> int:
    code = subprocess.run([sys.executable, "-m", "tests.platform", *arguments], cwd=ROOT, check=False).returncode
    if code and check:
        raise DemoError(f"the local platform refused `{' '.join(arguments)}` (its message is above)")
    return code


def _environment() -> dict[str, str]:
    """The tools that the demo uses go before whatever else is on PATH."""
    folders = dict.fromkeys(str(binary(name).parent) for name in TOOLS)
    path = os.pathsep.join([str(Path(sys.executable).parent), *folders, os.environ.get("PATH", "")])
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("GITLESS_") or name == "GITLESS_CACHE"
    }
    return {**kept, "PATH": path, "COSIGN_PASSWORD": "demo"}


def _write_environment(state: Path, environment: Mapping[str, str], registry: str) -> None:
    """A file for the user's own shell."""
    values = {
        "PATH": environment["PATH"],
        "COSIGN_PASSWORD": environment["COSIGN_PASSWORD"],
        "KUBECONFIG": environment["KUBECONFIG"],
        "REGISTRY": registry,
    }
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in values.items()]
    (state / "environment").write_text("".join(lines))


def _down(state: Path) -> int:
    platform = state / "platform"
    if platform.exists():
        _platform("down", "--directory", str(platform))
        shutil.rmtree(platform, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
