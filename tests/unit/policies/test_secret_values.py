from __future__ import annotations

from typing import Any

import pytest

from pipeline.model.manifests import Resource
from pipeline.model.validation.secret_values import SecretValues


def secret(**content: Any) -> Resource:  # noqa: ANN401
    return Resource.from_body({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, **content})


@pytest.mark.parametrize("text", ["it is aHVudGVyMg==", "it is hunter2", "hunter2hunter2"])
def test_values_are_hidden_as_they_are_written_and_decoded(text: str) -> None:
    hidden = SecretValues([secret(data={"password": "aHVudGVyMg=="})]).hidden(text)
    assert "hunter2" not in hidden
    assert "aHVud" not in hidden


def test_values_written_as_text_are_hidden_line_by_line() -> None:
    assert SecretValues([secret(stringData={"key": "first line\nsecond line"})]).hidden("a second line") == "a (hidden)"


def test_nothing_else_is_hidden() -> None:
    other = Resource.from_body(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "hunter2"}}
    )
    assert SecretValues([other, secret(data={"short": "YQ=="})]).hidden("hunter2 and a") == "hunter2 and a"
