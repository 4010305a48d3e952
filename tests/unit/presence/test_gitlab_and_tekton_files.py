from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from pipeline.ci.gitlab import GitLab
from pipeline.ci.tekton import Tekton
from pipeline.environment import ci_system, declared_results
from pipeline.model.telling import Annotation, Told
from pipeline.model.validation.finding import Severity
from pipeline.reports.console import Console
from pipeline.testing.clock import MemoryClock


class Log(io.StringIO):
    @property
    def lines(self) -> list[str]:
        return self.getvalue().splitlines()


@pytest.fixture
def log() -> Log:
    return Log()


def gitlab(folder: Path, log: Log, **more: str) -> GitLab:
    environment = {"CI_PROJECT_DIR": str(folder), "GITLESS_CI_DIR": "reports", **more}
    return GitLab(environment, Console(log, verbose=True, environment={}), MemoryClock(), log)


def tekton(folder: Path, log: Log) -> Tekton:
    return Tekton(str(folder), {}, Console(log, verbose=False, environment={}))


def test_outputs_of_all_commands_of_a_job_are_variables_for_the_jobs_after_it(tmp_path: Path, log: Log) -> None:
    gitlab(tmp_path, log).tell(Told(stage="package", outputs={"digest": "sha256:1", "changed": "true"}))
    gitlab(tmp_path, log).tell(
        Told(stage="diff", outputs={"changed": "false", "report-file": "a.md\nb.json", "odd": "a\rEVIL=1"})
    )

    text = (tmp_path / "reports" / "outputs.env").read_text()
    assert text.splitlines() == [
        "GITLESS_RESULT_DIGEST=sha256:1", "GITLESS_RESULT_CHANGED=false", "GITLESS_RESULT_REPORT_FILE=a.md,b.json",
    ]  # fmt: skip


def test_more_variables_than_gitlab_takes_are_not_written(tmp_path: Path, log: Log) -> None:
    gitlab(tmp_path, log).tell(Told(stage="diff", outputs={"report-file": "x" * 6_000}))

    assert not (tmp_path / "reports").exists()
    assert "larger than the 5120 bytes that GitLab takes" in log.getvalue()


def test_no_upload_fails_for_the_number_of_its_variables(tmp_path: Path, log: Log) -> None:
    presence = gitlab(tmp_path, log)
    presence.tell(Told(stage="diff", outputs={f"output-{number}": "x" for number in range(20)}))
    presence.tell(Told(stage="wait", outputs={"delivered": "true"}))

    assert len((tmp_path / "reports" / "outputs.env").read_text().splitlines()) == 20
    assert "more than the 20 variables that GitLab takes" in log.getvalue()


def test_no_file_appears_where_no_folder_is_named_for_them(tmp_path: Path, log: Log) -> None:
    presence = gitlab(tmp_path, log, GITLESS_CI_DIR="")
    presence.tell(Told(stage="validate", summary="x", outputs={"changed": "true"}))

    assert list(tmp_path.iterdir()) == []
    assert "GITLESS_CI_DIR names no folder" in log.getvalue()


def test_findings_with_a_place_become_the_code_quality_report(
    tmp_path: Path, log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("web.yaml").touch()
    remarks = [
        Annotation(severity=severity, title="image-latest", message=f"m {severity}", file="web.yaml", line=3)
        for severity in Severity
    ]
    nowhere = Annotation(severity=Severity.ERROR, title="x", message="m", file="gone.yaml", line=1)
    presence = gitlab(tmp_path, log)
    presence.tell(Told(stage="validate", annotations=(*remarks, nowhere)))
    # The same gates before apply, one line further down.
    presence.tell(Told(stage="validate", annotations=(remarks[0],)))

    issues = json.loads((tmp_path / "reports" / "code-quality.json").read_text())
    assert [issue["severity"] for issue in issues] == ["critical", "minor", "info"]
    assert issues[0]["check_name"] == "image-latest"
    assert issues[0]["location"] == {"path": "web.yaml", "lines": {"begin": 3}}
    assert len({issue["fingerprint"] for issue in issues}) == 3


def test_a_validation_without_findings_leaves_an_empty_report_and_other_stages_none(tmp_path: Path, log: Log) -> None:
    gitlab(tmp_path, log).tell(Told(stage="diff", annotations=()))
    assert not (tmp_path / "reports").exists()

    gitlab(tmp_path, log).tell(Told(stage="validate"))

    assert json.loads((tmp_path / "reports" / "code-quality.json").read_text()) == []


def test_summaries_follow_each_other_in_one_file(tmp_path: Path, log: Log) -> None:
    gitlab(tmp_path, log).tell(Told(stage="diff", summary="### Diff\n"))
    gitlab(tmp_path, log).tell(Told(stage="apply", summary="### Apply\n"))

    assert (tmp_path / "reports" / "summary.md").read_text() == "### Diff\n\n### Apply\n"


def test_stages_are_sections_of_the_log(tmp_path: Path, log: Log) -> None:
    presence = gitlab(tmp_path, log)
    presence.begin("build")
    presence.begin("diff")
    presence.end()

    assert log.getvalue() == (
        "\x1b[0Ksection_start:1800000000:gitless_build\r\x1b[0Kbuild\n"
        "\x1b[0Ksection_end:1800000000:gitless_build\r\x1b[0K\n"
        "\x1b[0Ksection_start:1800000000:gitless_diff\r\x1b[0Kdiff\n"
        "\x1b[0Ksection_end:1800000000:gitless_diff\r\x1b[0K\n"
    )


def test_results_are_files_without_a_line_break_at_their_end(tmp_path: Path, log: Log) -> None:
    digest = "sha256:" + "a" * 64
    outputs = {"digest": digest, "digest-url": f"oci://ghcr.io/acme/shop@{digest}", "pushed": "true"}
    tekton(tmp_path, log).tell(Told(stage="package", outputs=outputs))
    tekton(tmp_path, log).tell(
        Told(stage="diff", outputs={"changed": "true", "created": "1", "updated": "2", "deleted": "3"})
    )

    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        **outputs,
        "IMAGE_URL": "ghcr.io/acme/shop",
        "IMAGE_DIGEST": digest,
        "changed": "true",
        "created": "1",
        "updated": "2",
        "deleted": "3",
        "counts": '{"created":"1","updated":"2","deleted":"3"}',
    }
    assert log.lines == []


def test_a_result_that_is_too_long_is_left_out_and_said_to_be_elsewhere(tmp_path: Path, log: Log) -> None:
    tekton(tmp_path, log).tell(Told(stage="plan", outputs={"plan-file": "é" * 128, "changed": "true"}))

    assert [file.name for file in tmp_path.iterdir()] == ["changed"]
    assert log.getvalue() == (
        "Warning: the result plan-file is not written: it has 256 bytes, and fewer than 256 are safe"
        " (it is in the JSON result: --results-dir DIR)\n"
    )


def test_all_results_together_stay_within_what_a_task_may_say(tmp_path: Path, log: Log) -> None:
    presence = tekton(tmp_path, log)
    presence.tell(Told(stage="x", outputs={f"name-{number}": "x" * 250 for number in range(8)}))
    presence.tell(Told(stage="x", outputs={"name-0": "y" * 250}))

    assert sum(len(file.name) + file.stat().st_size for file in tmp_path.iterdir()) <= 1024
    assert len(list(tmp_path.iterdir())) == 4
    assert (tmp_path / "name-0").read_text() == "y" * 250
    assert "all results together" in log.getvalue()


def test_without_a_folder_tekton_is_told_nothing_and_says_so(log: Log) -> None:
    presence = Tekton("", {}, Console(log, verbose=False, environment={}))

    presence.tell(Told(stage="diff", outputs={"changed": "true"}))

    assert log.lines == ["Warning: results are not written: there is no /tekton/results; set TEKTON_RESULTS_DIR"]


def declared(folder: Path, *names: str) -> dict[str, str]:
    return {name: str(folder / "steps" / name / "value") for name in names}


def test_of_declared_results_exactly_those_are_written_each_into_its_own_file(tmp_path: Path, log: Log) -> None:
    presence = Tekton("", declared(tmp_path, "pushed", "tag"), Console(log, verbose=False, environment={}))

    presence.tell(Told(stage="package", outputs={"pushed": "false", "tag": "1.0", "digest": "sha256:1"}))

    found = {str(file.relative_to(tmp_path)): file.read_text() for file in tmp_path.rglob("*") if file.is_file()}
    assert found == {"steps/pushed/value": "false", "steps/tag/value": "1.0"}
    assert log.lines == []


def test_a_declared_result_without_a_value_is_empty_unless_chains_would_take_it_for_a_subject(
    tmp_path: Path, log: Log
) -> None:
    files = declared(tmp_path, "tag", "report-file", "IMAGE_URL", "IMAGE_DIGEST")
    presence = Tekton("", files, Console(log, verbose=False, environment={}))

    presence.tell(Told(stage="package", outputs={"tag": "1.0", "pushed": "true", "digest-url": "oci-layout:x"}))
    presence.tell(Told(stage="sign", outputs={"signature-digest": "sha256:1"}))

    assert {name: Path(file).read_text() for name, file in files.items() if Path(file).exists()} == {
        "tag": "1.0",
        "report-file": "",
    }


def test_a_failure_leaves_declared_results_alone(tmp_path: Path, log: Log) -> None:
    presence = Tekton("", declared(tmp_path, "changed"), Console(log, verbose=False, environment={}))

    presence.tell(Told(stage="diff", is_failure=True))

    assert list(tmp_path.iterdir()) == []


def test_results_are_declared_by_name_and_file_one_in_each_line() -> None:
    lines = "changed=/tekton/results/changed\n\n  counts=/a=b \nnothing\n=/x\ny=\n"

    assert declared_results({"GITLESS_TEKTON_RESULTS": lines}) == {
        "changed": "/tekton/results/changed",
        "counts": "/a=b",
    }
    assert ci_system({"GITLESS_TEKTON_RESULTS": "a=/b"}) == "tekton"
