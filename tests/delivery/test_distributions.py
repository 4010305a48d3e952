"""Wheel and sdist: the same bytes wherever they are built, all that the program needs and nothing else."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

import pytest
import uv
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from examples.rehearsal.github.wheels import dependencies
from pipeline import __version__
from tests.delivery import own_sbom
from tests.delivery.distributions import ROOT, SOURCES, SUMS, pin, sha256

# The first time, what is installed has to be fetched.
pytestmark = pytest.mark.timeout(900)

NAME = f"gitless_pipeline-{__version__}"
INFO = f"{NAME}.dist-info"
DATA = f"{NAME}.data/data/share"
METADATA = ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "top_level.txt", "licenses/LICENSE")
COMPLETIONS = (
    "bash-completion/completions/gitless", "zsh/site-functions/_gitless", "fish/vendor_completions.d/gitless.fish",
)  # fmt: skip
BUILD = "from pathlib import Path; import sys; from tests.delivery.distributions import build; "


@dataclass(frozen=True)
class Built:
    """What two builds made, in folders, at times, in zones and with umasks of their own."""

    folder: Path
    other: Path

    @property
    def wheel(self) -> Path:
        return self.folder / f"{NAME}-py3-none-any.whl"

    @property
    def sdist(self) -> Path:
        return self.folder / f"{NAME}.tar.gz"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    made = Built(tmp_path_factory.mktemp("one") / "dist", tmp_path_factory.mktemp("another") / "made")
    copy = tmp_path_factory.mktemp("somewhere-else") / "checkout"
    copy.mkdir()
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, copy / name, copy_function=shutil.copyfile)
        else:
            shutil.copyfile(source, copy / name)
    (copy / "pipeline" / "scribble.txt").write_text("nobody's")
    environment = {name: value for name, value in os.environ.items() if name != "SOURCE_DATE_EPOCH"}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", f"{BUILD}build(Path(sys.argv[1]), Path(sys.argv[2]))", str(target), str(sources)],
            cwd=ROOT, env={**environment, "TZ": zone}, umask=umask,
        )
        for target, sources, zone, umask in ((made.folder, ROOT, "UTC", 0o022), (made.other, copy, "Asia/Tokyo", 0o077))
    ]  # fmt: skip
    assert [process.wait() for process in running] == [0, 0]
    return made


def test_two_builds_in_different_places_give_the_same_bytes(built: Built) -> None:
    for file in (built.wheel, built.sdist):
        assert sha256(file) == sha256(built.other / file.name), file.name
    sums = f"{sha256(built.wheel)}  {built.wheel.name}\n{sha256(built.sdist)}  {built.sdist.name}\n"
    assert (built.folder / SUMS).read_text() == (built.other / SUMS).read_text() == sums


def test_the_wheel_has_all_that_the_program_needs_and_nothing_else(built: Built) -> None:
    with zipfile.ZipFile(built.wheel) as archive:
        assert archive.testzip() is None
        entries = archive.infolist()
        metadata = HeaderParser().parsestr(archive.read(f"{INFO}/METADATA").decode())
        assert archive.read(f"{INFO}/entry_points.txt").decode() == "[console_scripts]\ngitless = pipeline.cli:main\n"

    files = {str(path.relative_to(ROOT)) for path in (ROOT / "pipeline").rglob("*") if path.is_file()}
    wanted = {name for name in files if "__pycache__" not in name}
    wanted |= {f"{DATA}/man/man1/{path.name}" for path in (ROOT / "docs" / "man").iterdir()}
    wanted |= {f"{DATA}/{name}" for name in COMPLETIONS}
    wanted |= {f"{INFO}/{name}" for name in METADATA}
    assert {entry.filename for entry in entries} == wanted
    assert {(entry.external_attr >> 16, entry.date_time) for entry in entries} == {(0o100644, (1980, 1, 1, 0, 0, 0))}
    assert (metadata["Name"], metadata["Version"]) == ("gitless-pipeline", __version__)
    assert metadata["License-Expression"] == "Apache-2.0"


def test_the_sdist_is_nobodys_and_has_no_tests(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        members = archive.getmembers()

    assert {(member.uid, member.gid, member.uname, member.gname, member.mtime) for member in members} == {
        (0, 0, "", "", 315_532_800)
    }
    assert {member.mode for member in members if member.isfile()} == {0o644}
    names = {member.name.removeprefix(f"{NAME}/") for member in members}
    assert {"pyproject.toml", "README.md", "LICENSE", "pipeline/schemas/gitless.v1.json"} <= names
    assert {name.partition("/")[0] for name in names if "/" in name} == {
        "docs",
        "gitless_pipeline.egg-info",
        "pipeline",
    }
    assert not {name for name in names if name.startswith("docs/") and name.endswith(".md")}


def test_the_pin_names_the_wheel_by_its_checksum(built: Built) -> None:
    assert pin(built.wheel).splitlines()[2:] == [
        f"gitless-pipeline=={__version__} \\",
        f"    --hash=sha256:{sha256(built.wheel)}",
    ]


def says_its_version(program: Path, folder: Path) -> None:
    done = subprocess.run([program, "--version"], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == f"gitless {__version__}\n"
    code = "import pipeline; print(pipeline.__file__)"
    python = program.resolve().parent / "python"
    found = subprocess.run([python, "-I", "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert found.stdout.startswith(str(program.resolve().parents[1]))


def test_pip_installs_it(built: Built, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python"
    options = ["--no-deps", "--no-index", "--no-compile", "--quiet", "--disable-pip-version-check"]
    options += ["--find-links", str(built.folder)]
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install"]
    subprocess.run([*pip, *options, "gitless-pipeline"], check=True)
    # Its dependencies are lent by this environment; that they can be had, the other two show.
    (folder,) = (tmp_path / "venv").glob("lib/python3.*/site-packages")
    (folder / "lent.pth").write_text("".join(f"{path}\n" for path in sys.path if path.endswith("site-packages")))

    says_its_version(tmp_path / "venv" / "bin" / "gitless", tmp_path)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a user of uv and pipx; the cache is one for both, which need not unpack everything twice."""
    home = tmp_path_factory.mktemp("home")
    path = os.pathsep.join([str(Path(uv.find_uv_bin()).parent), "/usr/bin", "/bin"])
    return {"HOME": str(home), "PATH": path, "UV_CACHE_DIR": str(home / "cache"), "UV_PYTHON": sys.executable}


def test_pipx_installs_it(built: Built, alone: dict[str, str], tmp_path: Path) -> None:
    environment = {**alone, "PIPX_HOME": str(tmp_path / "pipx"), "PIPX_BIN_DIR": str(tmp_path / "bin")}
    offline = f"--pip-args=--no-index --find-links {dependencies()}"
    command = [sys.executable, "-m", "pipx", "install", "--backend", "uv", "--quiet", offline, str(built.wheel)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    says_its_version(tmp_path / "bin" / "gitless", tmp_path)


def test_uv_installs_it_as_a_tool(built: Built, alone: dict[str, str], tmp_path: Path) -> None:
    environment = {**alone, "UV_TOOL_DIR": str(tmp_path / "tools"), "UV_TOOL_BIN_DIR": str(tmp_path / "bin")}
    offline = ["--no-index", "--find-links", str(dependencies())]
    command = [uv.find_uv_bin(), "tool", "install", "--quiet", *offline, str(built.wheel)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

    says_its_version(tmp_path / "bin" / "gitless", tmp_path)


def test_the_bill_of_materials_lists_what_is_installed_by_its_pins(built: Built) -> None:
    for name in ("first.json", "second.json"):
        own_sbom.write(built.wheel, built.folder / name)
    text = (built.folder / "first.json").read_text()
    document = json.loads(text)

    assert text == (built.folder / "second.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    root = document["metadata"]["component"]
    assert (root["name"], root["version"]) == ("gitless-pipeline", __version__)
    pinned = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^ ;]+)", own_sbom.REQUIREMENTS.read_text(), re.MULTILINE))
    listed = {_normal(entry["name"]): entry["version"] for entry in document["components"]}
    assert listed.items() <= {_normal(name): version for name, version in pinned.items()}.items()
    direct = next(entry["dependsOn"] for entry in document["dependencies"] if entry["ref"] == root["bom-ref"])
    assert {"click", "kubernetes", "sh", "pyyaml", "docker", "oras"} <= {
        _normal(ref.partition("==")[0]) for ref in direct
    }


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
