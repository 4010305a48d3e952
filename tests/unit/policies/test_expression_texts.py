from __future__ import annotations

import pytest

from pipeline.errors import UnsupportedExpressionError
from pipeline.model.validation.cel_data import Duration, Timestamp, handed_over
from pipeline.model.validation.cel_text import Composition, escaped, fields_of, mentions, optional_old_self


@pytest.mark.parametrize(
    ("expression", "is_mentioned"),
    [
        ("oldSelf == self", True),
        ("self.oldSelf == 1", False),
        ("self . oldSelf", False),
        ("self.?oldSelf", False),
        ("'oldSelf'", False),
        ('"it\'s oldSelf"', False),
        ("r'\\' + oldSelf", True),
        ("'''a 'quoted' oldSelf'''", False),
        ("self // oldSelf", False),
        ("self // a comment\n== oldSelf", True),
        ("has(oldSelf.x)", True),
        ("b'oldSelf'", False),
        ("`oldSelf`", False),
    ],
)
def test_only_what_is_evaluated_is_mentioned(expression: str, *, is_mentioned: bool) -> None:
    assert mentions(expression, "oldSelf") is is_mentioned


@pytest.mark.parametrize(
    ("expression", "fields"),
    [
        ("request.userInfo.username == 'a' && request.operation == 'CREATE'", {"userInfo", "operation"}),
        ("request.?userInfo.hasValue()", {"userInfo"}),
        ("request . userInfo", {"userInfo"}),
        ("[request].all(r, r.userInfo == null)", {""}),
        ("object.request.userInfo", set()),
    ],
)
def test_fields_that_are_asked_of_a_variable(expression: str, fields: set[str]) -> None:
    assert fields_of(expression, "request") == fields


def test_variables_are_put_in_their_place_with_those_that_they_need() -> None:
    variables = Composition()
    variables.define("a", "object.x // a comment")
    variables.define("b", "variables.a + 1")
    variables.define("unused", "1")
    text = variables.compose("variables.b == 2 && object.variables.a == 'variables.a'")
    assert text.startswith("cel.bind(gitless_variable_a, (object.x // a comment\n)")
    assert "cel.bind(gitless_variable_b, (gitless_variable_a + 1\n)" in text
    assert "gitless_variable_b == 2 && object.variables.a == 'variables.a'" in text
    assert "unused" not in text
    assert "object.x" in variables.needed("variables.b")


@pytest.mark.parametrize("expression", ["variables.later", "variables", "variables['a']", "has(variables)"])
def test_variables_that_are_not_defined_are_not_evaluated(expression: str) -> None:
    with pytest.raises(UnsupportedExpressionError, match=r"variables.* is not known here"):
        Composition().compose(expression)


def test_the_old_value_becomes_an_optional_one() -> None:
    assert "optional.of(oldSelf), carrier" in optional_old_self("oldSelf.hasValue()", is_there=True).replace(
        "gitless_variable_old_self", "carrier"
    )
    assert "optional.none()" in optional_old_self("oldSelf.hasValue()", is_there=False)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("plain", "plain"),
        ("namespace", "__namespace__"),
        ("x-prop", "x__dash__prop"),
        ("a.b/c", "a__dot__b__slash__c"),
        ("redact__d", "redact__underscores__d"),
        ("_x", "_x"),
        ("1st", None),
        ("with blank", None),
    ],
)
def test_names_of_properties_are_escaped_as_kubernetes_documents_it(name: str, field: str | None) -> None:
    assert escaped(name) == field


@pytest.mark.parametrize("text", ["good\0evil", "\ud800"])
@pytest.mark.parametrize("place", ["value", "key"])
def test_texts_that_the_runtime_would_cut_are_refused(text: str, place: str) -> None:
    data = {"a": [text]} if place == "value" else {"a": {text: 1}}
    with pytest.raises(UnsupportedExpressionError, match="NUL"):
        handed_over(data)


@pytest.mark.parametrize("text", ["\\u0000", "😀", "12345678901234567890"])
def test_texts_that_only_look_like_it_are_handed_over(text: str) -> None:
    assert handed_over({"a": text}) == {"a": text}


def test_whole_numbers_beyond_64_bits_are_as_near_as_an_api_server_keeps_them() -> None:
    assert handed_over({"a": 2**63, "b": 2**63 - 1, "c": [-(2**64)]}) == {
        "a": 2.0**63,
        "b": 2**63 - 1,
        "c": [-(2.0**64)],
    }


def test_times_are_known_to_the_runtime_by_their_full_names() -> None:
    assert Timestamp(1).DESCRIPTOR.full_name == "google.protobuf.Timestamp"
    assert Duration(1).DESCRIPTOR.full_name == "google.protobuf.Duration"
