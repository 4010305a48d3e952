from __future__ import annotations

import io
import re
from pathlib import Path

import pytest

from pipeline.ci import github
from pipeline.ci.failures import UntoldError
from pipeline.ci.github import GitHub, output
from pipeline.model.telling import Annotation, Told
from pipeline.model.validation.finding import Severity
from pipeline.reports.console import Console
from pipeline.testing.clock import MemoryClock


class Job:
    """One step on a runner."""

    def __init__(self, folder: Path) -> None:
        self.log = io.StringIO()
        self.summary, self.outputs = folder / "summary", folder / "outputs"
        self.environment = {
            "GITHUB_ACTIONS": "true",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_OUTPUT": str(self.outputs),
            "GITHUB_WORKSPACE": str(folder),
        }
        reporter = Console(self.log, verbose=False, environment={})
        self.presence = GitHub(self.environment, reporter, MemoryClock(), self.log)

    @property
    def lines(self) -> list[str]:
        return self.log.getvalue().splitlines()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def read_outputs(file: Path) -> dict[str, str]:
    """As the runner reads them."""
    found = re.findall(r"^(\S+)<<(\S+)\n(.*?)\n\2\n", file.read_text(), re.MULTILINE | re.DOTALL)
    return {name: value for name, _, value in found}


def test_outputs_are_written_for_the_steps_after_this_one(job: Job) -> None:
    job.presence.tell(Told(stage="package", outputs={"digest": "sha256:1", "pushed": "false"}))
    job.presence.tell(Told(stage="diff", outputs={"note": "two\nlines\nevil<<EOF\nx"}))

    assert read_outputs(job.outputs) == {"digest": "sha256:1", "pushed": "false", "note": "two\nlines\nevil<<EOF\nx"}
    delimiters = re.findall(r"<<(ghadelimiter_\S+)", job.outputs.read_text())
    assert len(set(delimiters)) == 3


def test_reports_are_named_from_the_root_of_the_checkout_for_whoever_uploads_them(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "diff.md").touch()
    monkeypatch.chdir(tmp_path / "deploy")

    job.presence.tell(Told(stage="diff", outputs={"report-file": "diff.md\n/elsewhere/diff.json"}))

    assert read_outputs(job.outputs)["report-file"] == "deploy/diff.md\n/elsewhere/diff.json"


def test_an_output_that_knows_its_delimiter_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(github, "uuid4", lambda: "guessed")

    with pytest.raises(UntoldError, match="the output digest contains its own delimiter"):
        output("digest", "a\nghadelimiter_guessed\nother=b")


def test_summaries_follow_each_other_and_are_named_as_an_output(job: Job) -> None:
    job.summary.write_text("# before")

    job.presence.tell(Told(stage="diff", summary="### Diff\n"))
    job.presence.tell(Told(stage="apply", summary="### Apply\n"))

    assert job.summary.read_text() == "# before\n### Diff\n\n### Apply\n"
    assert read_outputs(job.outputs) == {"summary-file": str(job.summary)}


def test_the_summary_never_grows_beyond_what_github_keeps(job: Job) -> None:
    job.summary.write_bytes(b"x" * 999_000)
    told = Told(stage="diff", summary="### Diff\n\n" + "é line\n" * 1_000)

    for _ in range(3):
        job.presence.tell(told)

    text = job.summary.read_bytes()
    assert len(text) <= 1_000_000
    assert text.decode().rstrip().endswith("no more room in the summary.")
    assert any("Warning: the summary is not written" in line and "has no room left" in line for line in job.lines)


def test_an_annotation_names_its_file_from_the_root_of_the_checkout(
    job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "web.yaml").touch()
    monkeypatch.chdir(tmp_path / "app")
    remarks = tuple(
        Annotation(severity=Severity.ERROR, title="rule", message="m", file=file, line=2)
        for file in ("web.yaml", str(tmp_path / "app" / "web.yaml"), "manifests.yaml", "../../../etc/passwd", "a\0b")
    )

    job.presence.tell(Told(stage="validate", annotations=remarks))

    assert job.lines == ["::error file=app/web.yaml,line=2,title=rule::m"] * 2 + ["::error title=rule::m"] * 3


def test_the_closing_error_always_gets_through(job: Job) -> None:
    remark = Annotation(severity=Severity.ERROR, title="t", message="m")

    job.presence.tell(Told(stage="validate", annotations=(remark,) * 50))
    job.presence.tell(Told(stage="validate", annotations=(remark,), is_failure=True))

    assert len(job.lines) == 10
    assert job.lines[-1] == "::error title=t::m"


def test_stages_are_groups_that_end_where_the_next_begins_or_the_command_fails(job: Job) -> None:
    job.presence.begin("build")
    job.presence.begin("diff")
    job.presence.tell(Told(stage="diff", is_failure=True))
    job.presence.end()

    assert job.lines == ["::group::build", "::endgroup::", "::group::diff", "::endgroup::"]


def test_files_that_cannot_be_written_are_warnings(job: Job) -> None:
    job.environment |= {"GITHUB_STEP_SUMMARY": "/nowhere/summary", "GITHUB_OUTPUT": "/nowhere/outputs"}

    job.presence.tell(Told(stage="diff", summary="x", outputs={"changed": "true"}))

    assert job.lines == [
        "Warning: the summary is not written: /nowhere/summary cannot be written: No such file or directory",
        "Warning: outputs are not set: /nowhere/outputs cannot be written: No such file or directory",
    ]


def test_a_server_that_knows_neither_file_is_told_by_its_log_alone(job: Job) -> None:
    del job.environment["GITHUB_STEP_SUMMARY"], job.environment["GITHUB_OUTPUT"]

    job.presence.tell(Told(stage="diff", summary="x", outputs={"changed": "true"}))

    assert job.lines == []


def test_a_log_that_nobody_reads_any_more_stops_nothing(job: Job) -> None:
    job.presence = GitHub(
        job.environment, Console(io.StringIO(), verbose=False, environment={}), MemoryClock(), _Gone()
    )

    job.presence.begin("diff")
    job.presence.tell(Told(stage="diff", summary="x"))

    assert job.summary.exists()


class _Gone(io.StringIO):
    def write(self, _text: str, /) -> int:
        raise BrokenPipeError
