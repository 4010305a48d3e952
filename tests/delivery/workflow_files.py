"""Our own actions and workflows as the tests read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

TREE = Path(__file__).resolve().parents[2]
OWN = "gitless/gitless"
"""The repository that holds the actions."""
PLACEHOLDER = "0" * 40
"""Stands in the examples for the commit of a release of gitless, which no file can name that is part of it."""


def action_paths() -> list[Path]:
    """Every ``action.yml`` that there is."""
    return [TREE / "action.yml", *sorted((TREE / "actions").glob("*/action.yml"))]


def workflow_paths() -> list[Path]:
    """Every workflow: the examples, and what runs for this repository itself."""
    return sorted((*(TREE / "examples" / "github").glob("*.yml"), *(TREE / ".github" / "workflows").glob("*.yml")))


def load(path: Path) -> dict[str, Any]:
    """One of them. YAML 1.1 reads the key ``on`` as a boolean, which it is not."""
    body: dict[Any, Any] = yaml.safe_load(path.read_text())
    return {"on" if key is True else str(key): value for key, value in body.items()}


def steps(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every step of an action or a workflow."""
    for job in (body.get("runs", {}), *body.get("jobs", {}).values()):
        yield from job.get("steps", [])


def own_action(uses: str) -> Path | None:
    """The file that a ``uses`` means, where it is one of ours."""
    name, _, _ = uses.partition("@")
    if name != OWN and not name.startswith(f"{OWN}/"):
        return None
    return TREE / name.removeprefix(OWN).removeprefix("/") / "action.yml"
