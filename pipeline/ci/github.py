"""GitHub Actions, and Gitea's and Forgejo's, which speak the same: commands in the log, files, and the REST API."""

from __future__ import annotations

from typing import TextIO
from uuid import uuid4

from pipeline.ci import workflow_commands
from pipeline.ci.api import Api
from pipeline.ci.cutting import cut_markdown
from pipeline.ci.failures import UntoldError, tell_each
from pipeline.ci.github_comments import PullRequest, fits, headers, pull_request
from pipeline.ci.places import append, in_checkout, size_of
from pipeline.ci.sticky import marker, put
from pipeline.ci.workflow_commands import Annotations, command
from pipeline.model.telling import Told
from pipeline.ports import Clock, Environment, Reporter

TOKENS = ("GITLESS_GITHUB_TOKEN", "GITHUB_TOKEN")
"""Variables with a token for comments; the first that is set counts."""
_MAX_SUMMARY = 1_000_000
"""Bytes of a step's summary; GitHub drops one of more than 1 MiB as a whole."""
_REPORTS = "report-file"
_SHORTEST_MASKED = 8
"""Masking less would blacken half of the log."""


class GitHub:
    """Commands go to ``stream``, which is standard error: standard output is the result's alone."""

    name = "github"

    def __init__(self, environment: Environment, reporter: Reporter, clock: Clock, stream: TextIO) -> None:
        self._environment = environment
        self._reporter = reporter
        self._clock = clock
        self._stream = stream
        self._annotations = Annotations()
        self._is_folding = False
        self._is_masked = False

    def begin(self, stage: str) -> None:
        """Open a group."""
        self.end()
        self._say(command("group", stage))
        self._is_folding = True

    def end(self) -> None:
        """Close it."""
        if self._is_folding:
            self._say(command("endgroup"))
            self._is_folding = False

    def tell(self, told: Told) -> None:
        """Annotations, the step's summary, its outputs, and the pull request's comment."""
        if told.is_failure:
            self.end()
            self._say("".join(workflow_commands.annotation(item, "") for item in told.annotations))
        else:
            self._say(self._annotations.lines(told.annotations, self._place))
        tell_each(
            self._reporter,
            told,
            (
                ("the summary is not written", self._summarize),
                ("outputs are not set", self._output),
                ("the pull request has no comment", self._comment),
            ),
        )

    def shielded(self, text: str) -> str:
        """The text with commands stopped around it, where it holds what looks like one."""
        return workflow_commands.shielded(text)

    def _place(self, file: str) -> str:
        return in_checkout(file, self._environment.get("GITHUB_WORKSPACE", ""))

    def _summarize(self, told: Told) -> None:
        file = self._environment.get("GITHUB_STEP_SUMMARY", "")
        if not file or not told.summary:
            return
        # A blank line, so that what is there already does not swallow the headline.
        text = cut_markdown(f"\n{told.summary}", _MAX_SUMMARY - size_of(file))
        if not text:
            raise UntoldError(f"{file} has no room left", hint="write reports into files, and upload them")
        append(file, text)

    def _output(self, told: Told) -> None:
        file = self._environment.get("GITHUB_OUTPUT", "")
        outputs = dict(told.outputs)
        if reports := outputs.get(_REPORTS):
            # Whoever uploads them looks from the root of the checkout, wherever this command ran.
            outputs[_REPORTS] = "\n".join(self._place(name) or name for name in reports.split("\n"))
        summary = self._environment.get("GITHUB_STEP_SUMMARY", "")
        if told.summary and summary:
            outputs["summary-file"] = summary
        if file and outputs:
            append(file, "".join(output(name, value) for name, value in outputs.items()))

    def _comment(self, told: Told) -> None:
        if not told.comment:
            return
        number = pull_request(self._environment)
        if number is None:
            self._reporter.info("this run is about no pull request; the report is in the summary alone")
            return
        token = next((self._environment[name] for name in TOKENS if self._environment.get(name)), "").strip()
        if not token:
            hint = f"hand it over: `env: GITHUB_TOKEN: ${{{{ github.token }}}}`; or {TOKENS[0]}"
            raise UntoldError("there is no token to write it with", hint=hint)
        self._mask(token)
        mark = marker(told.stage, told.label)
        if not fits(told, mark):
            raise UntoldError("the report is longer than a comment may be")
        api = Api(
            self._environment.get("GITHUB_API_URL") or "https://api.github.com",
            headers(token), self._environment, self._clock,
        )  # fmt: skip
        try:
            done = put(PullRequest(api, self._environment, number), mark, told.comment)
        finally:
            api.close()
        self._reporter.info(f"comment on pull request {number}: {done}")

    def _mask(self, token: str) -> None:
        """GitHub masks its own token and the secrets that it handed over; this one may come from elsewhere."""
        is_known = token == self._environment.get("GITHUB_TOKEN") or not token.isprintable()
        if self._is_masked or is_known or len(token) < _SHORTEST_MASKED:
            return
        self._is_masked = True
        if self._environment.get("GITHUB_ACTIONS") == "true":
            self._say(command("add-mask", token))

    def _say(self, text: str) -> None:
        if not text:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            # Nobody reads the log any more; files and API are still there.
            return


def output(name: str, value: str) -> str:
    """One entry of ``GITHUB_OUTPUT``, whose delimiter nobody can guess.

    Raises:
        UntoldError: somebody did.
    """
    delimiter = f"ghadelimiter_{uuid4()}"
    if delimiter in name or delimiter in value:
        raise UntoldError(f"the output {name} contains its own delimiter")
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"
