"""The wheel and the sdist, the same bytes wherever and whenever they are built: ``make dist``.

setuptools writes the time of the build, the builder's name and umask, and the order of a folder into both, and zlib
compresses differently from version to version. So both are packed anew: sorted, nobody's, everybody readable, of one
time (``SOURCE_DATE_EPOCH``, or else the first that a zip file can hold) and compressed by the library that artifacts
are compressed with.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

import deflate

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = ROOT / "tests" / "constraints.txt"
PINS = ROOT / "actions" / "setup" / "gitless.txt"
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "pipeline", "docs/man", "docs/completion")
"""What is built: nothing else that lies in a checkout gets into either file."""
SUMS = "SHA256SUMS"
_EARLIEST = 315_532_800
"""1980-01-01, where the time of zip files begins."""
_LEVEL = 12
_MODE = 0o644
_FOLDER_MODE = 0o755


class BuildError(Exception):
    """The packages could not be built."""


def build(target: Path, sources: Path = ROOT) -> tuple[Path, Path]:
    """Build both into ``target``, with their checksums in ``SHA256SUMS``; returns the wheel and the sdist.

    Raises:
        BuildError: setuptools could not build them; its last words are in the message.
    """
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="gitless-dist-") as scratch:
        copy, made = Path(scratch) / "source", Path(scratch) / "made"
        _copy(sources, copy)
        _built(copy, made)
        fresh_wheel, fresh_sdist = next(made.glob("*.whl")), next(made.glob("*.tar.gz"))
        wheel, sdist = target / fresh_wheel.name, target / fresh_sdist.name
        wheel.write_bytes(packed_wheel(fresh_wheel.read_bytes()))
        sdist.write_bytes(packed_sdist(fresh_sdist.read_bytes()))
    sums = [f"{sha256(file)}  {file.name}\n" for file in sorted((wheel, sdist))]
    (target / SUMS).write_text("".join(sums))
    return wheel, sdist


def packed_wheel(content: bytes) -> bytes:
    """The wheel with the same files, packed as this module says."""
    stream = io.BytesIO()
    date = time.gmtime(_moment())[:6]
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w") as new:
        names = [name for name in old.namelist() if not name.endswith("/")]
        # The metadata last, as the format recommends.
        for name in sorted(names, key=lambda name: (".dist-info/" in name, name)):
            entry = zipfile.ZipInfo(name, date)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3  # Unix, on Windows too
            entry.external_attr = (0o100000 | _MODE) << 16
            with new.open(entry, "w") as file:
                file._compressor = _Whole()  # type: ignore[attr-defined] # zipfile takes zlib's alone
                file.write(old.read(name))
    return stream.getvalue()


class _Whole:
    """Compresses everything at the end, with the interface of ``zlib.compressobj()``."""

    def __init__(self) -> None:
        self._content = bytearray()

    def compress(self, content: bytes) -> bytes:
        self._content += content
        return b""

    def flush(self) -> bytes:
        return bytes(deflate.deflate_compress(bytes(self._content), _LEVEL))


def packed_sdist(content: bytes) -> bytes:
    """The sdist with the same files, packed as this module says."""
    stream = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as old,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            entry = tarfile.TarInfo(member.name)
            entry.type, entry.size, entry.mtime = member.type, member.size, _moment()
            entry.mode = _FOLDER_MODE if member.isdir() else _MODE
            new.addfile(entry, old.extractfile(member) if member.isfile() else None)
    return bytes(deflate.gzip_compress(stream.getvalue(), _LEVEL))


def pin(wheel: Path) -> str:
    """The text of ``actions/setup/gitless.txt`` for this wheel."""
    version = wheel.name.split("-")[1]
    return (
        "# The release that actions/setup installs, with the checksum of its wheel, which `make dist` reproduces.\n"
        "# `make release-pins` writes it for a release; between two releases it names the last one.\n"
        f"gitless-pipeline=={version} \\\n    --hash=sha256:{sha256(wheel)}\n"
    )


def sha256(file: Path) -> str:
    """The checksum, in hexadecimal digits."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _copy(sources: Path, copy: Path) -> None:
    copy.mkdir()
    for name in SOURCES:
        if (sources / name).is_dir():
            shutil.copytree(sources / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
        else:
            shutil.copyfile(sources / name, copy / name)


def _built(copy: Path, made: Path) -> None:
    """Both by setuptools of the version that is pinned: the wheel from the sdist, which therefore is complete."""
    command = [sys.executable, "-m", "build", "--installer", "uv", "--outdir", str(made), str(copy)]
    environment = {**os.environ, "UV_CONSTRAINT": str(CONSTRAINTS), "SOURCE_DATE_EPOCH": str(_moment())}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"the packages could not be built:\n{(done.stdout + done.stderr).strip()[-2000:]}")


def _moment() -> int:
    return max(int(os.environ.get("SOURCE_DATE_EPOCH") or 0), _EARLIEST)


def main() -> int:
    """Build into a folder; with ``--pin``, pin the wheel in ``actions/setup`` as well."""
    parser = argparse.ArgumentParser(prog="make dist", description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pin", action="store_true", help="for a release: the wheel is what actions/setup installs")
    arguments = parser.parse_args()
    try:
        wheel, sdist = build(arguments.folder)
    except BuildError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if arguments.pin:
        PINS.write_text(pin(wheel))
    for file in (wheel, sdist):
        sys.stdout.write(f"{sha256(file)}  {file}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
