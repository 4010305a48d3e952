"""What takes the place of others' actions and of names, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples.rehearsal.github.application import WORKFLOWS, Names
from examples.rehearsal.github.errors import RehearsalError
from examples.rehearsal.github.stand_ins import place, uses, with_defaults

ACTION = """\
inputs:
  trusted-root:
    description: "default: of the services."
    required: false
    default: ""
  trusted-root-2:
    description: Another.
    default: ""
  other:
    description: trusted-root
    default: "x"
"""


def made_wheel(folder: Path) -> Path:
    file = folder / "gitless_pipeline-9.9.9-py3-none-any.whl"
    file.write_bytes(b"wheel")
    return file


def test_only_the_default_of_that_very_input_is_replaced() -> None:
    changed = with_defaults(ACTION, {"trusted-root": "/tmp/root.json", "unknown": "x"})

    assert changed == ACTION.replace('default: ""', 'default: "/tmp/root.json"', 1)


def test_every_action_of_the_examples_has_something_in_its_place(tmp_path: Path) -> None:
    texts = {file.name: file.read_text() for file in WORKFLOWS.glob("*.yml")}

    actions = place(tmp_path / "actions", texts, made_wheel(tmp_path), {"trusted-root": "/tmp/root.json"})

    named = {f"{repository}@{ref}" for text in texts.values() for repository, ref in uses(text)}
    checkout = {name for name in named if name.startswith("actions/checkout@")}
    assert named - checkout <= set(actions.repositories)
    assert all((folder / "action.yml").is_file() for folder in actions.repositories.values())
    ours = tmp_path / "actions" / "gitless"
    assert "gitless-pipeline==9.9.9 \\\n    --hash=sha256:" in (ours / "actions" / "setup" / "gitless.txt").read_text()
    assert 'default: "/tmp/root.json"' in (ours / "actions" / "sign" / "action.yml").read_text()
    assert any(line.startswith("actions/cache@…: ") for line in actions.replaced)


def test_an_action_of_somebody_else_is_refused_by_name(tmp_path: Path) -> None:
    text = "      - name: x\n        uses: evil/action/sub@0123 # v1\n"

    with pytest.raises(RehearsalError, match="nothing here in the place of evil/action@0123"):
        place(tmp_path / "actions", {"a.yml": text}, made_wheel(tmp_path), {})


def test_names_are_replaced_and_nothing_else() -> None:
    names = Names(registry="127.0.0.1:5000")

    text = names.in_text("a: ghcr.io/acme/shop # not ghcr.iox\nrun: gitless login ghcr.io --provider github\n")

    login = 'printf %s "$GITHUB_TOKEN" | gitless login 127.0.0.1:5000 --username "$GITHUB_ACTOR" --password-stdin'
    assert text == f"a: 127.0.0.1:5000/acme/shop # not ghcr.iox\nrun: {login}\n"
    for file in WORKFLOWS.glob("*.yml"):
        assert "ghcr.io" not in names.in_text(file.read_text())
        assert "--provider" not in names.in_text(file.read_text())
