from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model.comparison.differences import compare, contents
from pipeline.model.manifests import Manifests, Resource
from pipeline.model.outcome.diff import DiffResult, Side
from pipeline.model.plan import ABSENT, SENSITIVE, FieldChange
from pipeline.reports import render_result
from pipeline.stages.diff import diff


def encode(text: str) -> str:
    return b64encode(text.encode()).decode()


def secret(name: str = "db", **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, **fields}


def test_a_changed_value_is_told_as_changed_and_nothing_else() -> None:
    changes = compare(secret(data={"password": encode("one")}), secret(data={"password": encode("three")}))
    assert changes == (FieldChange("data.password", SENSITIVE, SENSITIVE),)
    assert changes[0].document() == {"path": "data.password", "change": "changed", "sensitive": True}


def test_added_and_removed_keys_are_shown_without_their_values() -> None:
    changes = compare(secret(data={"old": encode("one")}), secret(data={"new": encode("one")}))
    assert [change.document() for change in changes] == [
        {"path": "data.new", "change": "added", "sensitive": True},
        {"path": "data.old", "change": "removed", "sensitive": True},
    ]


@pytest.mark.parametrize(
    "fields",
    [
        {"stringData": {"password": "hunter2"}},
        {"data": {"password": "eA=="}, "stringData": {"password": "hunter2"}},
        {"data": {"password": encode("hunter2")[:4] + "\n" + encode("hunter2")[4:]}},
    ],
)
def test_equal_values_are_equal_however_they_are_written(fields: dict[str, Any]) -> None:
    assert compare(secret(data={"password": encode("hunter2")}), secret(**fields)) == ()


def test_a_data_field_that_is_no_map_is_hidden_all_the_same() -> None:
    changes = compare(secret(data="hunter2"), secret(data={"password": "x"}))
    assert "hunter2" not in repr(changes)
    assert changes != ()


@pytest.mark.parametrize("written", ["hunter2", encode("hunter2")])
def test_copies_of_a_value_elsewhere_in_the_secret_are_hidden(written: str) -> None:
    before, after = secret(data={"p": encode("hunter2")}), secret(data={"p": encode("hunter2")})
    after["metadata"]["annotations"] = {"backup": f"p={written};"}
    (change,) = compare(before, after)
    assert change.path == "metadata.annotations.backup"
    assert change.is_sensitive


def test_what_is_not_secret_in_a_secret_is_shown() -> None:
    changes = compare(secret(type="Opaque"), secret(type="kubernetes.io/tls", immutable=True))
    assert [(change.path, change.before, change.after) for change in changes] == [
        ("type", "Opaque", "kubernetes.io/tls"),
        ("immutable", ABSENT, True),
    ]


def test_a_kind_of_the_same_name_in_another_group_is_no_secret() -> None:
    before = secret(data={"a": "b"}) | {"apiVersion": "example.com/v1"}
    assert compare(before, before | {"data": {"a": "c"}}) == (FieldChange("data.a", "b", "c"),)


_VALUES = st.dictionaries(
    st.sampled_from(["password", "user.name", "tls.crt"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=6, max_size=40).map(lambda text: f"§{text}"),
    max_size=3,
)


@given(old=_VALUES, new=_VALUES, as_text=st.booleans(), renamed=st.booleans())
def test_no_value_of_any_secret_is_in_any_report(
    *,
    old: dict[str, str],
    new: dict[str, str],
    as_text: bool,
    renamed: bool,
) -> None:
    names = ("db-5k2fm8gt4h", "db-7bc5dh2g9k") if renamed else ("db", "db")
    before = secret(names[0], data={key: encode(value) for key, value in old.items()})
    after = secret(names[1], **({"stringData": new} if as_text else {"data": {k: encode(v) for k, v in new.items()}}))
    sides = [Manifests((Resource.from_body(body),)) for body in (before, after)]
    result = DiffResult(before=Side(name="a"), after=Side(name="b"), plan=diff(*sides, is_full=True), is_full=True)
    reports = render_result(result, "text", color=True) + json.dumps(result.document(), ensure_ascii=False)
    reports += repr(result)
    for value in (*old.values(), *new.values()):
        assert value not in reports
        assert encode(value) not in reports
        assert json.dumps(value)[1:-1] not in reports


@given(_VALUES)
def test_the_length_of_a_value_does_not_show(values: dict[str, str]) -> None:
    longer = {key: value * 3 for key, value in values.items()}
    assert contents(secret(stringData=values)) == contents(secret(stringData=longer))
