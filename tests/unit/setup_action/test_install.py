"""The installer of ``actions/setup`` against a folder of tiny wheels: by checksums, whole or not at all, once."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pip
import pytest

ROOT = Path(__file__).resolve().parents[3]
SETUP = ROOT / "actions" / "setup"
MAIN = """\
import sys
if "--version" in sys.argv:
    print("gitless VERSION")
else:
    print(sys.argv[1:], file=sys.stderr)
    sys.exit(len(sys.argv) - 1)
"""
SECONDS = 240
LENT = """\
import runpy, subprocess, sys, venv
from pathlib import Path

def run(command, run=subprocess.run, **options):
    if command[1:4] != ["-I", "-m", "venv"]:
        return run(command, **options)
    venv.create(command[4], symlinks=True)
    (packages,) = Path(command[4]).glob("lib/python3.*/site-packages")
    (packages / "pip").symlink_to(PIP)
    return subprocess.CompletedProcess(command, 0)

subprocess.run = run
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
"""Runs the installer with this environment's pip: to unpack one anew takes most of an installation's time."""


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install", SETUP / "install.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> str:
    """A wheel with these files; returns its checksum."""
    info = f"{name}-{version}.dist-info"
    every = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in every.items():
            archive.writestr(inner, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{inner},,\n" for inner in (*every, f"{info}/RECORD")))
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass
class Runner:
    """A copy of the action, a folder of wheels, and the files and folders of a runner."""

    folder: Path

    def __post_init__(self) -> None:
        for name in ("action", "wheels", "tools"):
            (self.folder / name).mkdir()
        (self.folder / "action" / "install.py").write_text((SETUP / "install.py").read_text())
        self.release("1.0")

    def release(self, version: str, *, program: str = MAIN, pinned: str | None = None, needs: str = "helper") -> None:
        """Publish a version with one dependency, and pin both."""
        wheels = self.folder / "wheels"
        main = program.replace("VERSION", version)
        own = wheel(wheels, "gitless_pipeline", version, {"pipeline/__init__.py": "", "pipeline/__main__.py": main})
        other = wheel(wheels, "helper", "2.0", {"helper.py": ""})
        self.pin("gitless.txt", "gitless-pipeline", version, pinned or own)
        self.pin("requirements.txt", needs, "2.0", other)

    def pin(self, file: str, name: str, version: str, checksum: str) -> None:
        (self.folder / "action" / file).write_text(f"{name}=={version} \\\n    --hash=sha256:{checksum}\n")

    def command(self, *arguments: str, is_pip_lent: bool = False) -> list[str]:
        lent = ["-c", LENT.replace("PIP", repr(str(Path(pip.__file__).parent)))] if is_pip_lent else []
        return [sys.executable, *lent, str(self.folder / "action" / "install.py"), *arguments]

    def environment(self, **variables: str) -> dict[str, str]:
        runner = {
            "RUNNER_TOOL_CACHE": str(self.folder / "tools"),
            "GITHUB_PATH": str(self.folder / "path"),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.folder / "wheels"),
        }
        return {"PATH": os.environ["PATH"], "HOME": str(self.folder), **runner, **variables}

    def install(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        for name in ("path", "output"):
            (self.folder / name).unlink(missing_ok=True)
        environment = self.environment(**variables)
        command = self.command(*arguments, is_pip_lent=True)
        return subprocess.run(command, env=environment, cwd=self.folder, capture_output=True, text=True, check=False)

    @property
    def tool(self) -> Path:
        """Where the only installed version is."""
        (found,) = (self.folder / "tools" / "gitless").glob("*/*")
        return found

    @property
    def left(self) -> list[str]:
        """Everything below the tools' folder of gitless, but what an installed one consists of."""
        return sorted(str(path.relative_to(self.folder / "tools")) for path in self.folder.glob("tools/gitless/*/*"))

    def told(self, name: str) -> str:
        path = self.folder / name
        return path.read_text() if path.exists() else ""


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """One where two steps of two jobs have installed it at the same moment."""
    made = Runner(tmp_path_factory.mktemp("runner"))
    running = [
        subprocess.Popen(made.command(), env=made.environment(GITHUB_PATH=str(made.folder / name)))
        for name in ("path", "other-path")
    ]
    assert [process.wait(SECONDS) for process in running] == [0, 0]
    assert made.told("path") == made.told("other-path") != ""
    return made


def test_two_at_once_leave_one_program_for_the_steps_that_follow(done: Runner) -> None:
    runner = done
    commands = runner.tool / "bin"
    assert runner.told("path") == f"{commands}\n"
    assert runner.told("output") == f"version=1.0\npath={commands}\n" * 2
    assert runner.left == [str(runner.tool.relative_to(runner.folder / "tools"))]
    system, _, machine = runner.tool.name.partition("-")
    assert (runner.tool.parent.name, system, bool(machine)) == ("1.0", "linux", True)
    called = subprocess.run(
        [commands / "gitless", "two words", "$(touch pwned)"], cwd=runner.folder, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (called.returncode, called.stderr) == (2, "['two words', '$(touch pwned)']\n")
    assert not (runner.folder / "pwned").exists()


def test_what_lies_in_the_working_directory_is_not_taken_for_the_program(done: Runner) -> None:
    runner = done
    (runner.folder / "pipeline").mkdir()
    (runner.folder / "pipeline" / "__init__.py").write_text("raise SystemExit('not mine')")

    called = subprocess.run(
        [runner.tool / "bin" / "gitless", "--version"], cwd=runner.folder, capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(runner.folder), "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert called.stdout == "gitless 1.0\n"
    assert "is installed in" in runner.install(PYTHONPATH=str(runner.folder)).stdout


def test_a_second_time_it_only_says_where_it_is(done: Runner) -> None:
    said = done.install(PIP_FIND_LINKS="nowhere")

    assert (said.returncode, said.stdout) == (0, f"gitless 1.0 is installed in {done.tool}\n")
    assert done.told("path") == f"{done.tool / 'bin'}\n"
    files = [done.folder / "action" / name for name in ("requirements.txt", "gitless.txt")]
    digest = hashlib.sha256(files[0].read_bytes() + b"\0" + files[1].read_bytes()).hexdigest()
    assert json.loads((done.tool / "installed.json").read_text()) == {"pins": digest}


def test_what_is_pinned_otherwise_or_does_not_run_any_more_is_replaced(runner: Runner) -> None:
    module = load()
    old = runner.folder / "tools" / "gitless" / "1.0" / module.tool_folder("1.0").name
    old.mkdir(parents=True)
    (old / "installed.json").write_text('{"pins": "those of before"}')

    assert "was installed into" in runner.install().stdout
    assert len(runner.left) == 1
    assert runner.told("path") == f"{old / 'bin'}\n"
    (old / "python" / "bin" / "python").unlink()
    refused = runner.install(PIP_FIND_LINKS="nowhere")
    assert (refused.returncode, runner.told("path")) == (1, "")


def test_a_wheel_with_another_checksum_is_refused_and_nothing_is_left_behind(runner: Runner) -> None:
    runner.pin("requirements.txt", "helper", "2.0", "0" * 64)

    done = runner.install()

    assert done.returncode == 1
    assert done.stdout.startswith("::error title=gitless setup::pip could not install gitless: ")
    assert "DO NOT MATCH THE HASHES" in done.stdout
    assert len(done.stdout.splitlines()) == 1
    assert (runner.left, runner.told("path"), runner.told("output")) == ([], "", "")


def test_a_package_without_a_checksum_is_refused(runner: Runner) -> None:
    (runner.folder / "action" / "requirements.txt").write_text("helper==2.0\n")

    done = runner.install()

    assert "::error title=gitless setup::pip could not install gitless: ERROR: Hashes are required in" in done.stdout
    assert (done.returncode, runner.left) == (1, [])


def test_what_does_not_run_is_not_installed(runner: Runner) -> None:
    runner.release("1.0", program="raise SystemExit(3)")

    done = runner.install()

    assert (done.returncode, runner.left, runner.told("path")) == (1, [], "")
    assert done.stdout == "::error title=gitless setup::gitless 1.0 was installed and does not run; it said ''\n"


def test_only_the_version_that_is_pinned_can_be_asked_for(runner: Runner) -> None:
    assert runner.install("--plan", GITLESS_SETUP_VERSION=" v1.0 ").returncode == 0

    done = runner.install(GITLESS_SETUP_VERSION="2.0\n::add-path::/tmp/evil")

    assert (done.returncode, runner.left, runner.told("path")) == (1, [], "")
    assert done.stdout == (
        "::error title=gitless setup::this revision of the action knows the checksum of gitless 1.0 alone, "
        "not of '2.0\\n::add-path::/tmp/evil': leave `version` away, or use the action's revision of that release\n"
    )


def test_the_plan_says_where_and_by_which_key_downloads_are_kept(runner: Runner) -> None:
    first = runner.install("--plan")
    told = dict(line.split("=", 1) for line in runner.told("output").splitlines())
    runner.release("1.0", program=MAIN + "# changed")
    runner.install("--plan")
    later = dict(line.split("=", 1) for line in runner.told("output").splitlines())

    assert (first.returncode, runner.left, runner.told("path")) == (0, [], "")
    assert (told["version"], told["path"]) == ("1.0", later["path"])
    assert told["key"].startswith("gitless-1.0-linux-")
    assert told["key"] != later["key"]


def test_an_old_python_is_told_so_in_one_error(capsys: pytest.CaptureFixture[str]) -> None:
    module = load()

    with pytest.raises(module.InstallError) as caught:
        module.check_python((3, 9))
    module.check_python((3, 11))

    assert str(caught.value) == (
        "gitless needs Python 3.11 or later, and this is 3.9; put an `actions/setup-python` step first"
    )
    assert capsys.readouterr().out == ""


def test_on_windows_commands_are_for_its_shells_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = load()
    monkeypatch.setattr(module, "IS_WINDOWS", True)
    monkeypatch.setattr(module, "run", lambda command, failure: None)

    module.fill(tmp_path)

    assert module.python_of(tmp_path) == tmp_path / "python" / "Scripts" / "python.exe"
    assert (tmp_path / "bin" / "gitless.cmd").read_bytes() == (
        b'@"%~dp0..\\python\\Scripts\\python.exe" -I -m pipeline %*\r\n'
    )
    assert b"Scripts/python.exe" in (tmp_path / "bin" / "gitless").read_bytes()


def test_a_runner_of_any_system_has_its_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    module = load()
    monkeypatch.setenv("RUNNER_TOOL_CACHE", str(tmp_path))
    names = []
    for system, machine in (("Linux", "x86_64"), ("Darwin", "arm64"), ("Windows", "AMD64"), ("Linux", "aarch64")):
        monkeypatch.setattr(module.platform, "system", lambda system=system: system)
        monkeypatch.setattr(module.platform, "machine", lambda machine=machine: machine)
        names.append(module.tool_folder("1.0").relative_to(tmp_path / "gitless" / "1.0").name)

    assert names == ["linux-x64", "macos-arm64", "windows-x64", "linux-arm64"]
