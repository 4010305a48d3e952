"""GitLab's components: one template for each stage and one for the whole chain, made from the program's options.

``--write`` puts them into ``templates/``, the test compares. Format: GitLab, "CI/CD components" and "spec:inputs".
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from pipeline.cli.application import COMMANDS
from tests.delivery.stage_inputs import STAGES, Input, inputs
from tests.delivery.tekton_stages import IMAGE

FOLDER = Path(__file__).resolve().parents[2] / "templates"
COMPONENTS = ("run", *(stage for stage in STAGES if stage in COMMANDS))
_REPORTS = ".gitless-reports"
_FOLLOWING = {"sign", "attest", "apply", "wait"}
"""Stages that take what an earlier job of the pipeline published, where their input says nothing else."""
_FOLLOWS = '    - export GITLESS_REFERENCE="${GITLESS_REFERENCE:-${GITLESS_RESULT_DIGEST_URL:-}}"\n'
_HEAD = """\
# gitless {command}: {help}
# Written from the program's options by `make readme`; what each input means is in docs/commands.md.
"""


def templates() -> dict[str, str]:
    """Every file by its name."""
    return {f"{command}.yml": template(command) for command in COMPONENTS}


def template(command: str) -> str:
    """One component: its inputs, and a job that hands them over as variables."""
    found = inputs(command)
    lines = [_HEAD.format(command=command, help=COMMANDS[command]), "spec:\n  inputs:\n"]
    lines += [_input(name, text, default) for name, text, default in _job_inputs(command)]
    lines += [_declared(item, follows=command in _FOLLOWING) for item in found]
    lines += [
        "---\n",
        '"$[[ inputs.as ]]":\n',
        '  stage: "$[[ inputs.stage ]]"\n',
        '  image: { name: "$[[ inputs.image ]]", entrypoint: [""] }\n',
    ]
    if any(item.name in {"keyless", "record-keyless"} for item in found):
        lines.append("  id_tokens:\n    SIGSTORE_ID_TOKEN: { aud: sigstore }\n")
    lines.append(f"  variables:\n    GITLESS_CI_DIR: {_REPORTS}\n")
    lines.append('    GITLESS_WORKING_DIRECTORY: "$[[ inputs.working-directory ]]"\n')
    lines += [f'    {item.variable}: "$[[ inputs.{item.name} ]]"\n' for item in found]
    lines.append('  script:\n    - cd "${GITLESS_WORKING_DIRECTORY:-.}"\n')
    lines.append(f"{_FOLLOWS if command in _FOLLOWING else ''}    - gitless {command}\n")
    lines += _artifacts(command)
    return "".join(lines)


def _job_inputs(command: str) -> Iterator[tuple[str, str, str]]:
    yield (
        "as",
        "Name of the job; to say more about it (rules, needs, environment), write a job of this name.",
        (f"gitless-{command}"),
    )
    yield "stage", "Stage of the pipeline.", "test" if command in {"validate", "diff", "plan"} else "deploy"
    yield "image", "Image with gitless in it, by digest.", IMAGE
    yield "working-directory", "Folder to work in; the checkout's root.", ""


def _input(name: str, text: str, default: str) -> str:
    return f"    {name}:\n      description: {_quoted(text)}\n      default: {_quoted(default)}\n"


def _declared(item: Input, *, follows: bool) -> str:
    text = f"{item.description} One value in each line.".strip() if item.is_repeatable else item.description
    text = text or f"{item.option}, an argument."
    lines = [f"    {item.name}:\n", f"      description: {_quoted(text)}\n"]
    # A flag that is neither leaves it to gitless.yaml, which a boolean could not.
    is_boolean = item.is_flag and bool(item.default)
    if is_boolean:
        lines.append("      type: boolean\n")
    if item.name == "ref" and follows:
        lines[1] = f"      description: {_quoted(text + ' Otherwise what an earlier job of the pipeline published.')}\n"
    if not item.is_required or (item.name == "ref" and follows):
        lines.append(f"      default: {item.default if is_boolean else _quoted('')}\n")
    return "".join(lines)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _artifacts(command: str) -> Iterator[str]:
    yield f"  artifacts:\n    when: always\n    paths: [{_REPORTS}/]\n"
    yield f"    reports:\n      dotenv: {_REPORTS}/outputs.env\n"
    if command in {"validate", "run"}:
        yield f"      codequality: {_REPORTS}/code-quality.json\n"


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    FOLDER.mkdir(exist_ok=True)
    for name, content in templates().items():
        (FOLDER / name).write_text(content)
