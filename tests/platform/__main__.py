"""The test platform: a whole delivery target on one machine, from the command line.

Real programs, no containers, no root. Linux only (``/proc`` tells processes apart).

python -m tests.platform setup [TOOL...]   build or fetch programs (all by default)
python -m tests.platform up [--detach]     a cluster and a registry, until Ctrl-C or detached
python -m tests.platform env               lines for a shell: eval "$(... env)"
python -m tests.platform status            what is up
python -m tests.platform down              stop it, after a crash too
python -m tests.platform paths             where the programs are
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from .binaries import available, ensure
from .cache import cache_root, say
from .catalogue import TOOLS
from .errors import PlatformError
from .standing import Standing, alive, chosen, claim, default_directory, enlisted, standing, take_down


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; an error of the platform is a message, not a traceback."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except PlatformError as error:
        say(f"error: {error}")
        return 1
    except ModuleNotFoundError as error:
        say(f"error: the Python package {error.name} is missing")
        say("  install the development extras: pip install -e .[dev]")
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 130


def _parser() -> argparse.ArgumentParser:
    summary = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m tests.platform", description=summary)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    setup = command("setup", _setup, "Build or fetch programs into the cache.")
    setup.add_argument("tools", nargs="*", metavar="TOOL", help="names as `paths` prints them; all by default")
    up = command("up", _up, "Start a cluster and a registry.")
    up.add_argument("--detach", action="store_true", help="leave it running and return")
    up.add_argument("--nodes", type=int, default=1, help="how many simulated nodes (default: 1)")
    up.add_argument("--stages", type=Path, help="rules of life for pods and nodes instead of ours")
    up.add_argument("--api-only", action="store_true", help="no scheduler and no nodes")
    down = command("down", _down, "Stop a platform.")
    down.add_argument("--all", action="store_true", help="stop every platform of this user")
    status = command("status", _status, "Say what is up.")
    env = command("env", _env, "Print exports for a shell.")
    command("paths", _paths, "Print where the programs are.")
    for added in (up, down, status, env):
        added.add_argument("--directory", type=Path, help=f"where it stands (default: {default_directory()})")
    return parser


def _setup(options: argparse.Namespace) -> int:
    started = time.monotonic()
    found = ensure(options.tools or None)
    say(f"{len(found)} programs are ready ({time.monotonic() - started:.0f} s); cache: {cache_root()}")
    return 0


def _paths(options: argparse.Namespace) -> int:
    for tool in TOOLS:
        print(f"{tool.name:24} {available(tool) or '(not there yet: setup)'}")
    return 0


def _up(options: argparse.Namespace) -> int:
    directory = (options.directory or default_directory()).absolute()
    if alive(directory):
        raise PlatformError(f"a platform is up in {directory} already", hint="use it, or stop it with down")
    claim(directory)
    # What a crash left behind.
    take_down(directory)
    claim(directory)
    # A polite kill must run the same clean-up as Ctrl-C.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    return _run(directory, options)


def _run(directory: Path, options: argparse.Namespace) -> int:
    from .control_plane import ControlPlane
    from .registries import ReferrersRegistry

    started = time.monotonic()
    with contextlib.ExitStack() as stack:
        stack.callback(take_down, directory)
        detached = options.detach
        plane = ControlPlane.start(
            directory, stages=options.stages, nodes=options.nodes, workloads=not options.api_only, detached=detached
        )
        registry = ReferrersRegistry.start(directory / "registry", detached=detached)
        state = Standing(
            directory=str(directory),
            kubeconfig=str(plane.kubeconfig),
            server=plane.server,
            registry=registry.address,
        )
        state.write()
        say(f"up in {time.monotonic() - started:.1f} s; logs: {plane.logs} and {registry.logs}")
        sys.stdout.write(state.exports())
        sys.stdout.flush()
        if detached:
            say(f"stop it with: python -m tests.platform down --directory {directory}")
            stack.pop_all()
            return 0
        say("Ctrl-C stops it")
        while True:
            plane.check()
            registry.check()
            time.sleep(1)


def _down(options: argparse.Namespace) -> int:
    directories = enlisted() if options.all else [chosen(options.directory)]
    for directory in directories:
        stopped = take_down(directory)
        say(f"{directory}: stopped {', '.join(stopped)}" if stopped else f"{directory}: nothing was running")
    return 0


def _status(options: argparse.Namespace) -> int:
    directories = [options.directory.absolute()] if options.directory else enlisted()
    for directory in directories:
        programs = alive(directory)
        print(f"{directory}: {'up' if programs else 'down'}")
        for record in programs:
            print(f"  {record.name:24} pid {record.pid}")
        with contextlib.suppress(PlatformError):
            state = standing(directory)
            print(f"  kubeconfig {state.kubeconfig}\n  registry   {state.registry}")
    if not directories:
        print("nothing is up")
    return 0


def _env(options: argparse.Namespace) -> int:
    sys.stdout.write(standing(chosen(options.directory)).exports())
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
