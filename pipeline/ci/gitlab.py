"""GitLab CI: folded parts of the log, report files that a job declares as artifacts, and the merge request's note."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, TextIO

from pipeline.ci.cutting import cut_markdown
from pipeline.ci.failures import UntoldError, tell_each
from pipeline.ci.gitlab_api import TOKEN, gitlab_api
from pipeline.ci.gitlab_notes import MAX_BODY, MergeRequest, merge_request
from pipeline.ci.places import append, in_checkout, size_of, write
from pipeline.ci.sticky import marker, put
from pipeline.model.documents.printable import printable
from pipeline.model.telling import Annotation, Told
from pipeline.model.validation.finding import Severity
from pipeline.ports import Clock, Environment, Reporter

FOLDER = "GITLESS_CI_DIR"
"""Where report files go; they are written only where it is set, since a checkout may be what is packed."""
_PREFIX = "GITLESS_RESULT_"
"""Later jobs have these among their variables, where ``GITLESS_TAG`` would be the option ``--tag``."""
OUTPUTS, CODE_QUALITY, SUMMARY = "outputs.env", "code-quality.json", "summary.md"
_MAX_DOTENV = 5 * 1024
_MAX_VARIABLES = 20
"""What a server of one's own takes unless it is told otherwise; with more of them the upload fails, and so the job."""
_MAX_SUMMARY = 1_000_000
_SEVERITIES = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.NOTE: "info"}


class GitLab:
    """Marks of folded parts go to ``stream``, which is standard error."""

    name = "gitlab"

    def __init__(self, environment: Environment, reporter: Reporter, clock: Clock, stream: TextIO) -> None:
        self._environment = environment
        self._reporter = reporter
        self._clock = clock
        self._stream = stream
        self._section = ""
        self._outputs: dict[str, str] = {}
        self._issues: dict[str, dict[str, Any]] = {}

    def begin(self, stage: str) -> None:
        """Open a section."""
        self.end()
        self._section = f"gitless_{stage.replace('-', '_')}"
        self._mark("start", stage)

    def end(self) -> None:
        """Close it."""
        if self._section:
            self._mark("end", "")
            self._section = ""

    def tell(self, told: Told) -> None:
        """Outputs, Code Quality and summary as files, and the merge request's note."""
        if told.is_failure:
            self.end()
        tell_each(
            self._reporter,
            told,
            (
                ("outputs are not written", self._output),
                ("the Code Quality report is not written", self._judge),
                ("the summary is not written", self._summarize),
                ("the merge request has no note", self._comment),
            ),
        )

    def shielded(self, text: str) -> str:
        """The text: marks of sections need controls, which texts of others never keep."""
        return text

    def _file(self, name: str) -> Path | None:
        folder = self._environment.get(FOLDER, "")
        if not folder:
            self._reporter.detail(f"{name} is not written: {FOLDER} names no folder")
            return None
        return Path(self._environment.get("CI_PROJECT_DIR") or ".", folder, name)

    def _output(self, told: Told) -> None:
        file = self._file(OUTPUTS) if told.outputs else None
        if file is None:
            return
        self._outputs |= told.outputs
        known = _read_dotenv(file) | {_variable(name): value for name, value in self._outputs.items()}
        # GitLab takes no line breaks in values, and no quotes around them: what is a list has commas.
        found = {name: value.replace("\n", ",") for name, value in known.items() if "\r" not in value}
        if len(found) > _MAX_VARIABLES:
            raise UntoldError(f"{file} would have more than the {_MAX_VARIABLES} variables that GitLab takes")
        text = "".join(f"{name}={value}\n" for name, value in found.items())
        if len(text.encode()) > _MAX_DOTENV:
            raise UntoldError(f"{file} would be larger than the {_MAX_DOTENV} bytes that GitLab takes")
        write(file, text)

    def _judge(self, told: Told) -> None:
        file = self._file(CODE_QUALITY) if told.stage == "validate" and not told.is_failure else None
        if file is None:
            return
        root = self._environment.get("CI_PROJECT_DIR", "") or "."
        for remark in told.annotations:
            place = in_checkout(remark.file, root)
            # The format has no findings without a place; those are in the summary.
            if place:
                issue = code_quality_issue(remark, place)
                self._issues[issue["fingerprint"]] = issue
        write(file, json.dumps(list(self._issues.values()), indent=2, ensure_ascii=False) + "\n")

    def _summarize(self, told: Told) -> None:
        file = self._file(SUMMARY) if told.summary else None
        if file is None:
            return
        text = cut_markdown(f"\n{told.summary}", _MAX_SUMMARY - size_of(str(file)))
        if text and not file.exists():
            write(file, text.lstrip("\n"))
        elif text:
            append(str(file), text)

    def _comment(self, told: Told) -> None:
        if not told.comment:
            return
        found = merge_request(self._environment)
        if found is None:
            self._reporter.info("this pipeline is about no merge request; there is nowhere to comment")
            return
        token = self._environment.get(TOKEN, "").strip()
        if not token:
            hint = f"put a project access token with the scope `api` into {TOKEN}: job tokens cannot write notes"
            raise UntoldError("there is no token to write it with", hint=hint)
        if len(told.comment) + 300 > MAX_BODY:
            raise UntoldError("the report is longer than a note may be")
        api = gitlab_api(token, self._environment, self._clock)
        try:
            done = put(MergeRequest(api, *found), marker(told.stage, told.label), told.comment)
        finally:
            api.close()
        self._reporter.info(f"note on merge request {found[1]}: {done}")

    def _mark(self, what: str, header: str) -> None:
        """Sections as GitLab documents them: a mark with a time, ended by what clears the line."""
        try:
            self._stream.write(f"\x1b[0Ksection_{what}:{self._clock.now():.0f}:{self._section}\r\x1b[0K{header}\n")
            self._stream.flush()
        except (OSError, ValueError):
            return


def code_quality_issue(remark: Annotation, place: str) -> dict[str, Any]:
    """One issue of GitLab's Code Quality report; the fingerprint survives lines that move."""
    message = printable(remark.message, 2000)
    identity = f"{remark.title}\0{place}\0{message}"
    return {
        "description": message,
        "check_name": printable(remark.title, 200),
        "fingerprint": hashlib.sha256(identity.encode("utf-8", "backslashreplace")).hexdigest(),
        "severity": _SEVERITIES[remark.severity],
        "location": {"path": place, "lines": {"begin": remark.line or 1}},
    }


def _variable(name: str) -> str:
    return f"{_PREFIX}{name.upper().replace('-', '_')}"


def _read_dotenv(file: Path) -> dict[str, str]:
    """What earlier commands of the same job have written."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return {}
    return dict(line.split("=", 1) for line in lines if line.startswith(_PREFIX) and "=" in line)
