"""The page about the GitHub actions: its workflow is one, its tables are the program's, and its examples are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from pipeline.cli.comparing import FAIL_ON
from pipeline.config import load_settings
from tests.delivery.stage_inputs import STAGES
from tests.delivery.test_workflows import OURS, PIN, lint_locally
from tests.delivery.workflow_files import TREE, workflow_paths

PAGE = TREE / "docs" / "github-actions.md"
TEXT = PAGE.read_text()
PAGES = [PAGE, TREE / "docs" / "ci.md"]


def workflows(page: Path) -> list[str]:
    """The blocks that are whole workflows."""
    blocks = re.findall(r"```yaml\n(.*?)```", page.read_text(), re.DOTALL)
    return [block for block in blocks if {"jobs", True} <= yaml.safe_load(block).keys()]


@pytest.mark.tool
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_workflows_on_the_pages_are_pinned_and_actionlint_finds_nothing(page: Path, tmp_path: Path) -> None:
    found = workflows(page)

    assert found
    uses = [line.strip().removeprefix("- ") for text in found for line in text.splitlines() if "uses:" in line]
    assert [line for line in uses if not PIN.fullmatch(line)] == []
    assert lint_locally(tmp_path, {f"{number}.yml": text for number, text in enumerate(found)}) == ""


def test_the_shortest_workflow_is_five_lines_of_steps() -> None:
    steps = workflows(PAGE)[0].partition("    steps:\n")[2].splitlines()

    assert len(steps) <= 5
    assert len([line for line in steps if OURS.search(line)]) == 1


def test_the_settings_on_the_page_are_accepted(tmp_path: Path) -> None:
    block = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)[1]
    file = tmp_path / "gitless.yaml"
    file.write_text(f"apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\nsources: [{{path: deploy}}]\n{block}")

    signing = load_settings(file).signing

    assert signing is not None
    assert signing.keyless


def test_every_stage_is_named() -> None:
    row = next(line for line in TEXT.splitlines() if "actions/STAGE" in line)

    assert tuple(re.findall(r"`([a-z]+)`", row)) == STAGES


def test_what_a_comparison_can_fail_for_is_in_order() -> None:
    table = TEXT.partition("| `fail-on` |")[2].partition("\n\n")[0]

    assert tuple(re.findall(r"^\| `([a-z]+)` \|", table, re.MULTILINE)) == FAIL_ON


def test_every_example_is_linked_and_every_link_leads_somewhere() -> None:
    links = [(PAGE.parent / link).resolve() for link in re.findall(r"\]\(([^)#:]+)\)", TEXT)]

    assert [link for link in links if not link.exists()] == []
    assert {path for path in workflow_paths() if path.parent.name == "github"} <= set(links)
