"""Base images that need no registry: Debian with Python from packages, for a build without one.

They stand in for what the Containerfile names by digest: the same distribution, another build of Python. Whatever pip
needs on this machine (its settings, the authorities that it trusts) is in them, and so in no file of ours.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from .binaries import binary
from .cache import cache_root, locked, publish, say
from .engine import Engine
from .errors import PlatformError

PYTHON = "gitless.test/python:1"
TOOLS = "gitless.test/tools:1"
_RELEASE = "bookworm"
_PACKAGES = ("python3", "python3-venv", "ca-certificates")
_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
_PIP_SETTINGS = (Path("/etc/pip.conf"), Path("~/.config/pip/pip.conf"), Path("~/.pip/pip.conf"))
_PIP_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "PIP_DEFAULT_TIMEOUT")


@contextmanager
def kept_engine(directory: Path) -> Iterator[Engine]:
    """An engine whose images outlive it in the cache, so that only what has changed is built again; one at a time."""
    with (
        locked("engine", waiting=lambda: say("engine: waiting for another process to finish with its images")),
        Engine.start(directory, data=cache_root() / "engine") as engine,
    ):
        yield engine
        engine.docker("image", "prune", "--force")


def python_image(engine: Engine) -> str:
    """Debian's Python with this machine's way to packages."""
    _root_image(engine)
    with tempfile.TemporaryDirectory(prefix="gitless-base-") as scratch:
        context = Path(scratch)
        authorities = Path(os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE") or _AUTHORITIES)
        shutil.copy(authorities, context / "authorities")
        settings = next((file for file in map(Path.expanduser, _PIP_SETTINGS) if file.is_file()), None)
        (context / "pip.conf").write_text(_portable(settings.read_text()) if settings else "")
        names = " ".join(f'{name}="{os.environ[name]}"' for name in _PIP_VARIABLES if os.environ.get(name))
        (context / "Containerfile").write_text(
            f"FROM {_root_name()}\nCOPY authorities {_AUTHORITIES}\nCOPY pip.conf /etc/pip.conf\n"
            f"ENV PIP_CERT={_AUTHORITIES} {names}\n"
        )
        build(engine, context, context / "Containerfile", PYTHON)
    return PYTHON


def tools_image(engine: Engine) -> str:
    """The three programs that the Containerfile would build, as this machine has them."""
    with tempfile.TemporaryDirectory(prefix="gitless-tools-") as scratch:
        context = Path(scratch)
        for name in ("kustomize", "helm", "sops"):
            shutil.copy(binary(name), context / name)
        (context / "Containerfile").write_text("FROM scratch\nCOPY kustomize helm sops /tools/\n")
        build(engine, context, context / "Containerfile", TOOLS)
    return TOOLS


def build(engine: Engine, context: Path, file: Path, image: str, arguments: Mapping[str, str] | None = None) -> None:
    """Build with BuildKit, which leaves out stages that nothing needs; its steps have the machine's network."""
    given = [part for name, value in (arguments or {}).items() for part in ("--build-arg", f"{name}={value}")]
    engine.docker(
        "build", "--quiet", "--network", "host", *given, "--tag", image, "--file", file, context,
        variables={"DOCKER_BUILDKIT": "1"},
    )  # fmt: skip


def _portable(settings: str) -> str:
    """pip's settings without those that name files of this machine."""
    return "\n".join(line for line in settings.splitlines() if not line.startswith(("cert", "find-links", "cache-dir")))


def _root_name() -> str:
    return f"gitless.test/debian:{_RELEASE}-{len(_PACKAGES)}"


def _root_image(engine: Engine) -> None:
    if engine.docker("image", "ls", "--quiet", _root_name()).strip():
        return
    archive = cache_root() / "engine-base" / f"{_RELEASE}-{'-'.join(_PACKAGES)}.tar"
    if not archive.exists():
        say(f"engine: making a base image of Debian {_RELEASE} with Python (250 MB)")
        publish(archive, _make_root)
    engine.docker("import", archive, _root_name())


def _make_root(target: Path) -> None:
    command: list[str | Path] = [
        binary("mmdebstrap"), "--mode=root", "--variant=minbase", f"--include={','.join(_PACKAGES)}",
        "--quiet", _RELEASE, target,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PlatformError(
            f"mmdebstrap could not make a base image:\n{done.stderr.strip()[-2000:]}",
            hint="check that Debian's packages are reachable (apt's own settings apply)",
        )
