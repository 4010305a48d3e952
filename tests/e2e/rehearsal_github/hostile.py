"""A workflow that hands values of strangers to inputs of actions, and those values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

WORKFLOW = "hostile.yml"
ODD_FOLDER = 'it\'s "$(touch pwned)" `touch pwned`; touch pwned & <b> %0A::add-path::evil'
QUOTES = f"{ODD_FOLDER} $PATH ${{IFS}} \\ '\" | touch pwned #"
EXPRESSION = "${{ github.token }}${{ secrets.GITHUB_TOKEN }}"
LINES = (
    "first\n::set-output name=digest::evil\n::add-path::evil\n::set-env name=EVIL::evil\n::add-mask::gitless\n"
    "::error::evil\n##[error]evil\ndigest=evil\nEVIL=evil\nevil<<EOF\r\nx\nEOF\n$(touch pwned)\n`touch pwned`"
)
HUGE = "x" * 1_000_000
_SHA = "0" * 40
_USUAL: Mapping[str, Mapping[str, str]] = {
    "package": {"path": "base", "repository": "ghcr.io/acme/hostile"},
    "diff": {"from": "base", "to": "environments/staging", "comment": "true"},
    "setup": {"cache": "false"},
}


@dataclass(frozen=True)
class Case:
    """One value for one input of one action."""

    id: str
    action: str
    input: str
    value: str
    is_accepted: bool = False


CASES = (
    Case("odd-folder", "package", "path", ODD_FOLDER, is_accepted=True),
    Case("path-quotes", "package", "path", QUOTES),
    Case("path-expression", "package", "path", EXPRESSION),
    Case("path-lines", "package", "path", LINES),
    Case("path-huge", "package", "path", HUGE),
    Case("repository-quotes", "package", "repository", QUOTES),
    Case("repository-lines", "package", "repository", LINES),
    Case("tags-quotes", "package", "tags", QUOTES),
    Case("tags-lines", "package", "tags", LINES),
    Case("tags-huge", "package", "tags", HUGE),
    Case("annotations-value", "package", "annotations", f"note={QUOTES}", is_accepted=True),
    Case("annotations-lines", "package", "annotations", LINES),
    Case("label-quotes", "diff", "label", f"--> {QUOTES}", is_accepted=True),
    Case("label-lines", "diff", "label", LINES, is_accepted=True),
    Case("version-lines", "setup", "version", LINES),
)


def workflow() -> str:
    """A step for each case, which goes on to the next whatever comes of it; then a look at what is left behind."""
    steps: list[dict[str, object]] = [{"uses": "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1"}]
    steps += [_step(case) for case in CASES]
    steps.append({"id": "left", "run": 'find . -name "pwned*"; echo "evil is [$EVIL]"; echo "path is [$PATH]"'})
    jobs = {"hostile": {"name": "Hostile", "runs-on": "ubuntu-latest", "steps": steps}}
    # JSON is YAML.
    return json.dumps({"name": "hostile", "on": {"pull_request": {}}, "permissions": {}, "jobs": jobs}, indent=1)


def _step(case: Case) -> dict[str, object]:
    values = {**_USUAL[case.action], case.input: f"${{{{ github.event.inputs['{case.id}'] }}}}"}
    uses = f"gitless/gitless/actions/{case.action}@{_SHA}"
    return {"id": case.id, "uses": uses, "continue-on-error": True, "with": values}


def values() -> dict[str, str]:
    """What the event holds as ``inputs``."""
    return {case.id: case.value for case in CASES}
