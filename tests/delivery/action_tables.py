"""``actions/README.md``: what each action takes, gives and needs, from the same source as the actions."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tests.delivery.action_inputs import ACTIONS, ActionInput, action_inputs, root_inputs
from tests.delivery.action_texts import ROOT, TEXTS, ActionText
from tests.delivery.stage_outputs import OUTPUTS, all_outputs, outputs

_HEAD = """\
# Inputs and outputs of the actions

<!-- Made from the program's options by `python -m tests.delivery.action_files --write`. -->

How to use them is told in [docs/github-actions.md](../docs/github-actions.md). An input that is left out or empty is
not given. What can be several things has one in each line. All outputs are texts, `true` and `false` too, and one that
has nothing to say is empty.

| action | what it does |
|---|---|
"""
_PERMISSIONS = re.compile(r"(?<=<!-- permissions -->\n).*?(?=<!-- end -->)", re.DOTALL)
_ROOT_NAME = "gitless/gitless"


def page() -> str:
    """The whole page."""
    rows = [f"| [`{_ROOT_NAME}`](#gitlessgitless) | {ROOT.description} |\n"]
    rows += [f"| [`{_ROOT_NAME}/actions/{name}`](#{name}) | {TEXTS[name].description} |\n" for name in ACTIONS]
    sections = [_section(name, TEXTS[name], action_inputs(name), outputs(name)) for name in ACTIONS]
    root = _section(_ROOT_NAME, ROOT, root_inputs(), all_outputs())
    return "".join([_HEAD, *rows, *sections, root])


def with_current_permissions(text: str) -> str:
    """The page about the actions with the table of what each of them needs."""
    rows = "".join(f"| `{name}` | {', '.join(map(_permission, TEXTS[name].permissions))} |\n" for name in TEXTS)
    return _PERMISSIONS.sub(lambda _: f"| stage | permissions of the job |\n|---|---|\n{rows}", text)


def _permission(needed: tuple[str, str]) -> str:
    permission, reason = needed
    return f"`{permission}` ({reason})" if reason.startswith("with") else f"`{permission}`"


def _section(name: str, text: ActionText, given: tuple[ActionInput, ...], made: tuple[str, ...]) -> str:
    needed = "".join(f"- `{permission}` {reason}\n" for permission, reason in text.permissions)
    told = "".join(f"| `{output}` | {_cell(OUTPUTS[output])} |\n" for output in made)
    return (
        f"\n## {name}\n\n{text.description} Permissions of the job:\n\n{needed}"
        f"\n| input | default | |\n|---|---|---|\n{''.join(_rows(given))}"
        f"\n| output | |\n|---|---|\n{told}"
    )


def _rows(given: tuple[ActionInput, ...]) -> Iterator[str]:
    for item in given:
        default = "**required**" if item.is_required else f"`{item.default}`" if item.default else ""
        yield f"| `{item.name}` | {default} | {_cell(item.description)} |\n"


def _cell(text: str) -> str:
    return text.replace("|", r"\|").replace("<", r"\<")
