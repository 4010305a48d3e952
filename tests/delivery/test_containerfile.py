"""The Containerfile names nothing that could be another thing tomorrow, and everything that it copies is sent."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from pipeline.engines.contexts import containerfile_of, pack_context
from pipeline.model.attestation.image_names import ImageName
from pipeline.model.images.engine import ImageBuild
from tests.delivery.distributions import SOURCES

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "Containerfile").read_text()
STEPS = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE)).splitlines()
ARGUMENTS = dict(re.findall(r"^ARG (\w+)=(\S+)$", TEXT, re.MULTILINE))
STAGES = re.findall(r"^FROM \S+ AS (\S+)$", TEXT, re.MULTILINE)


def test_every_base_image_is_pinned_by_digest_or_a_stage_of_ours() -> None:
    bases = [step.split()[1] for step in STEPS if step.startswith("FROM ")]
    named = [ARGUMENTS[base[2:-1]] if base.startswith("${") else base for base in bases]

    assert len(named) == 5
    pinned = re.compile(r"docker\.io/library/[a-z]+:[0-9][a-z0-9.-]*@sha256:[0-9a-f]{64}")
    assert [name for name in named if name not in STAGES and pinned.fullmatch(name) is None] == []


def test_nothing_is_fetched_but_what_has_a_checksum() -> None:
    commands = " && ".join(step for step in STEPS if step.startswith("RUN "))
    installs = re.findall(r"\$\{PIP\}[^&]* install [^&]*", commands)

    assert re.findall(r"\b(curl|wget|apt|apt-get|git|go install|go get)\b", commands) == []
    assert len(installs) == 3
    assert [line for line in installs if "--require-hashes" not in line and "--no-index" not in line] == []
    assert 'GOFLAGS="-mod=readonly' in TEXT


def test_what_builds_the_wheel_is_what_the_tests_build_it_with() -> None:
    pin = re.search(r"^setuptools==\S+", (ROOT / "image" / "build-requirements.txt").read_text(), re.MULTILINE)

    assert pin is not None
    assert pin[0] in (ROOT / "tests" / "constraints.txt").read_text().splitlines()


@pytest.mark.parametrize("name", ["helm", "sops", "kustomize"])
def test_each_program_is_a_module_with_checksums(name: str) -> None:
    folder = next(ROOT / place for place in re.findall(r"COPY (\S+) /modules/", TEXT) if f"/{name}/" in place)
    module = (folder / "go.mod").read_text()

    (package,) = re.findall(r"^tool (\S+)$", module, re.MULTILINE)
    assert f" {package}\n" in TEXT
    assert (folder / "go.sum").read_text().count(" h1:") > 50
    assert "replace" not in module


def test_what_is_copied_is_sent_and_nothing_else() -> None:
    build = ImageBuild(image=ImageName("x", "y", "z"), folder=ROOT)
    stream, name = pack_context(build, containerfile_of(build))
    import tarfile

    with stream, tarfile.open(fileobj=stream) as archive:
        sent = [member.name for member in archive.getmembers() if member.isfile()]

    copied = [
        source.rstrip("/")
        for step in STEPS
        if step.startswith("COPY ") and "--from" not in step
        for source in step.split()[1:-1]
    ]
    assert name == "Containerfile"
    assert set(SOURCES) <= set(copied)
    assert [source for source in copied if not any(f"{file}/".startswith(f"{source}/") for file in sent)] == []
    extra = [file for file in sent if not any(f"{file}/".startswith(f"{source}/") for source in copied)]
    assert extra == ["Containerfile"]
    assert [file for file in sent if "__pycache__" in file] == []
    assert (ROOT / ".dockerignore").read_text() == (ROOT / ".containerignore").read_text()


def test_make_builds_it() -> None:
    told = subprocess.run(
        ["make", "--dry-run", "image", "IMAGE=a:b"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert "gitless image build . --image a:b\n" in told.stdout


def test_it_ends_as_nobody_without_a_shell_in_between() -> None:
    last = "\n".join(STEPS[max(at for at, step in enumerate(STEPS) if step.startswith("FROM ")) :])

    assert "\nUSER 65532:65532\n" in last
    assert '\nENTRYPOINT ["gitless"]\n' in last
    assert "\nHEALTHCHECK NONE\n" in last
