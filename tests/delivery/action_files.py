"""The GitHub actions are made from the program's own options: ``--write`` writes them, a test compares.

There is one for each stage below ``actions/``, one at the root for the whole chain or any one stage, and a table of all
of them. Each sets variables and calls ``gitless STAGE``; no input is ever part of a script.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from tests.delivery.action_inputs import ACTIONS, ROOT_COMMANDS, ActionInput, action_inputs, root_inputs
from tests.delivery.action_tables import page, with_current_permissions
from tests.delivery.action_texts import AUTHOR, COLOR, ROOT, TEXTS, ActionText
from tests.delivery.stage_outputs import OUTPUTS, all_outputs, outputs

TREE = Path(__file__).resolve().parents[2]
PAGE = Path("docs/github-actions.md")
_HEAD = "# Made from the program's options by `python -m tests.delivery.action_files --write`.\n"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 ,.;()/_-]*")
_WORDS_OF_YAML = {"true", "false", "null", "yes", "no", "on", "off", "none"}


def stage_action(command: str) -> str:
    """The text of ``actions/STAGE/action.yml``."""
    script = f"      run: gitless {command}\n"
    name = f"gitless {command}"
    return _action(name, TEXTS[command], action_inputs(command), outputs(command), "../setup", script)


def root_action() -> str:
    """The text of ``action.yml`` at the root."""
    known = " | ".join(ROOT_COMMANDS)
    script = (
        "      run: |\n"
        '        case "$COMMAND" in\n'
        f"          {known})\n"
        '            exec gitless "$COMMAND" ;;\n'
        "        esac\n"
        f"        echo \"::error title=gitless::the input 'command' names no stage: {', '.join(ROOT_COMMANDS)}\"\n"
        "        exit 2\n"
    )
    return _action("gitless", ROOT, root_inputs(), all_outputs(), "actions/setup", script)


def _action(
    name: str, text: ActionText, given: tuple[ActionInput, ...], made: tuple[str, ...], setup: str, script: str
) -> str:
    lines = [
        f"{_HEAD}name: {name}\ndescription: {_scalar(text.description)}\nauthor: {AUTHOR}\n",
        f"branding:\n  icon: {text.icon}\n  color: {COLOR}\n",
        "inputs:\n",
        *map(_input, given),
        "outputs:\n",
        *map(_output, made),
        "runs:\n  using: composite\n  steps:\n",
        _install(setup),
        f"    - name: {name}\n      id: stage\n      shell: bash\n",
        "      working-directory: ${{ inputs.working-directory }}\n      env:\n",
        *(["        COMMAND: ${{ inputs.command }}\n"] if name == "gitless" else []),
        *(f"        {item.variable}: ${{{{ {item.expression} }}}}\n" for item in given if item.variable),
        script,
    ]
    return "".join(lines)


def _install(setup: str) -> str:
    return (
        "    - name: Install gitless\n"
        "      shell: bash\n"
        "      env:\n"
        "        GITLESS_SETUP_VERSION: ${{ inputs.version }}\n"
        "        PYTHON: ${{ runner.os == 'Windows' && 'python' || 'python3' }}\n"
        f'      run: \'"$PYTHON" "$GITHUB_ACTION_PATH/{setup}/install.py"\'\n'
    )


def _input(item: ActionInput) -> str:
    head = f"  {item.name}:\n    description: {_scalar(item.description)}\n"
    if item.is_required:
        return f"{head}    required: true\n"
    return f"{head}    required: false\n    default: {json.dumps(item.default)}\n"


def _output(name: str) -> str:
    value = f"${{{{ steps.stage.outputs.{name} }}}}"
    return f"  {name}:\n    description: {_scalar(OUTPUTS[name])}\n    value: {value}\n"


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML and not text.endswith(" "):
        return text
    return json.dumps(text, ensure_ascii=False)


def files() -> dict[Path, str]:
    """Every file that is made, by its path in the tree."""
    stages = {Path("actions", name, "action.yml"): stage_action(name) for name in ACTIONS}
    guide = with_current_permissions((TREE / PAGE).read_text())
    return {Path("action.yml"): root_action(), **stages, Path("actions/README.md"): page(), PAGE: guide}


if __name__ == "__main__" and sys.argv[1:] == ["--write"]:
    for path, text in files().items():
        (TREE / path).parent.mkdir(parents=True, exist_ok=True)
        (TREE / path).write_text(text)
