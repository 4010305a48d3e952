from __future__ import annotations

import pytest

from pipeline.errors import ConfigurationError
from pipeline.model.artifact.ignore import DEFAULT_PATTERNS, IgnoreRules


@pytest.mark.parametrize("path", [".git", ".gitignore", "a/.gitignore", "logo.png", "deep/er/logo.png", "x.tar.gz"])
def test_defaults_are_those_of_flux(path: str) -> None:
    assert IgnoreRules.of(DEFAULT_PATTERNS).ignores(path)


@pytest.mark.parametrize("path", ["a.yaml", "png", "git", ".github/workflow.yaml", ".sourceignore", "a.tar"])
def test_defaults_leave_the_rest_alone(path: str) -> None:
    assert not IgnoreRules.of(DEFAULT_PATTERNS).ignores(path)


def test_folder_patterns_match_folders_only() -> None:
    rules = IgnoreRules.of(["build/"])

    assert rules.ignores("build", is_folder=True)
    assert not rules.ignores("build")


def test_later_and_deeper_rules_win() -> None:
    rules = IgnoreRules.of(["*.md"]).within("docs", ["!keep.md"]).within("", ["docs/keep.md"])

    assert rules.ignores("a.md")
    assert rules.ignores("docs/keep.md")
    assert not IgnoreRules(rules.sets[:2]).ignores("docs/keep.md")
    assert IgnoreRules(rules.sets[:2]).ignores("other/keep.md")


def test_patterns_of_a_folder_are_relative_to_it() -> None:
    rules = IgnoreRules().within("sub", ["/top.yaml"])

    assert rules.ignores("sub/top.yaml")
    assert not rules.ignores("top.yaml")
    assert not rules.ignores("sub/deeper/top.yaml")
    assert not rules.ignores("subway/top.yaml")


def test_comments_and_blank_lines_are_none() -> None:
    assert not IgnoreRules.of(["# a", "", "  "]).ignores("# a")


def test_broken_pattern_is_named_with_its_file() -> None:
    with pytest.raises(ConfigurationError, match=r"sub/\.sourceignore"):
        IgnoreRules().within("sub", ["!"], origin="sub/.sourceignore")
