"""Whoever writes a user's tag has looked at its lock: the stages that write tags are these."""

from __future__ import annotations

import ast
from pathlib import Path

import pipeline

ROOT = Path(pipeline.__file__).parent
WRITERS = {
    # Users' tags, by everybody.
    "stages/tag.py",
    # The lock itself.
    "stages/tag_lock.py",
    # Of cosign 2: signatures by the digest's name.
    "stages/attaching.py",
    "stages/copy.py",
    # The list of a cluster's records.
    "stages/record_deployment.py",
}


def writes_tags(file: Path) -> bool:
    calls = (node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call))
    named = (call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "write_manifest")
    return any(len(call.args) > 1 or any(word.arg == "tag" for word in call.keywords) for call in named)


def test_no_other_module_writes_a_tag() -> None:
    adapters = {"registries", "testing"}
    files = [file for file in ROOT.rglob("*.py") if file.relative_to(ROOT).parts[0] not in adapters]

    assert {file.relative_to(ROOT).as_posix() for file in files if writes_tags(file)} == WRITERS


def test_only_those_who_claim_tags_write_one_without_asking_for_its_lock() -> None:
    users = {
        file.relative_to(ROOT).as_posix()
        for file in ROOT.rglob("*.py")
        if any(isinstance(node, ast.Name) and node.id == "write_tag" for node in ast.walk(ast.parse(file.read_text())))
    }

    assert users == {"stages/tag.py", "stages/tag_claim.py"}
