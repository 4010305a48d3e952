from __future__ import annotations

import base64
import json

import pytest

from pipeline.model.documents.jwt import unverified_claims


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def test_a_token_says_its_claims() -> None:
    assert unverified_claims(f"{part({})}.{part({'exp': 1, 'sub': 'job'})}.c2ln") == {"exp": 1, "sub": "job"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "opaque",
        f"{part({})}.{part({'exp': 1})}",
        f"{part({})}.{part([1])}.c2ln",
        f"{part({})}.{'W' * 40_000}.c2ln",
        f"{part({})}.\u00e4.c2ln",
        f"{part({})}.e.c2ln",
    ],
)
def test_what_is_no_token_says_nothing(text: str) -> None:
    assert unverified_claims(text) is None
