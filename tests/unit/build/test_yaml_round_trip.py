"""What is written comes back, from our reader and byte for byte from a second writing."""

from __future__ import annotations

import json
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.model.documents.yaml_reading import read_documents
from pipeline.model.documents.yaml_writing import canonical_json, write_document

_TRAPS = [
    "", " ", "~", "null", "Null", "y", "n", "Y", "yes", "No", "on", "OFF", "true", "TRUE", "1", "-1", "+1",
    "0777", "0o7", "08", "1e3", "12e03", "1234567e8", "1_000", "0b11", "0x1F", "1.0", ".5", ".inf", ".nan",
    "-.inf", "=", "<<", "12:30:45", "2026-01-01", "2026-01-01T00:00:00Z", "a: b", "a #b", "#a", "a:", "- a",
    "-", "--", "---", "...", "? a", "!a", "&a", "*a", "%a", "@a", "`a", "|", ">", "[a]", "{a}", "a,b", "a b ",
    " a", "a\n", "a\n\n", "\na", "a\n b", " a\nb", "\ta\nb", "a\tb", "a\r\nb", "a\\b", '"', "'", "a\x07",
    "a\0", "a\x7f", "a\x85b", "a\u2028b", "\ufeffa", "ü", "日本", "😀", "\ud7ff", "\uffff", "a" * 2000,
    "a " * 500, "x\n" + "y" * 2000, "a\n   \nb", "a\n\n\n", "\n", "\n\n", "a\n---\nb", "a\n# b\n", "100m",
    "64Mi", "10.0.0.1", "10.0.0.0/8", "--flag=x", "--", "-x", "key:value", "http://x:80/y?z=1#a",
]  # fmt: skip
_texts = st.one_of(
    st.sampled_from(_TRAPS),
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=30),
    st.text(alphabet=" \t\n\r:#-?,[]{}&*!|>'\"%@`ab01.eE+_~=<\\\u2028ü", max_size=20),
)
_numbers = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([1e21, -0.0, 1e-7]),
)
_values = st.recursive(
    st.one_of(st.none(), st.booleans(), _numbers, _texts),
    lambda children: st.one_of(st.lists(children, max_size=4), st.dictionaries(_texts, children, max_size=4)),
    max_leaves=25,
)
_bodies = st.dictionaries(_texts, _values, min_size=1, max_size=6)


def _read(content: bytes) -> Any:  # noqa: ANN401 - any JSON value
    (document,) = read_documents(content, "written.yaml")
    return document[0]


@given(_bodies)
@settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_what_is_written_is_read_back_equal(body: dict[str, Any]) -> None:
    back = _read(write_document(body))
    assert back == body
    assert canonical_json(back) == canonical_json(json.loads(canonical_json(back)))


@given(_bodies)
@settings(max_examples=80, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_writing_what_was_read_gives_the_same_bytes(body: dict[str, Any]) -> None:
    written = write_document(_read(write_document(body)))
    assert write_document(_read(written)) == written


@given(st.dictionaries(_texts, _texts, min_size=1, max_size=6))
@settings(max_examples=80, derandomize=True, deadline=None)
def test_a_yaml_1_1_reader_takes_text_for_text(body: dict[str, str]) -> None:
    assert yaml.safe_load(write_document(body)) == body


def test_each_trap_survives_as_a_value_and_as_a_key() -> None:
    for trap in _TRAPS:
        body = {"value": trap, "items": [trap, [trap], {"nested": trap}], "keys": {trap: trap}}
        assert _read(write_document(body)) == body, repr(trap)


def test_the_order_of_keys_in_the_source_does_not_matter() -> None:
    one = {"kind": "A", "spec": {"b": 1, "a": [{"d": 1, "c": 2}]}, "metadata": {"name": "x"}, "apiVersion": "v1"}
    other = {"apiVersion": "v1", "metadata": {"name": "x"}, "spec": {"a": [{"c": 2, "d": 1}], "b": 1}, "kind": "A"}
    assert write_document(one) == write_document(other)


def test_the_layout_is_the_one_that_kubectl_prints() -> None:
    body = {
        "spec": {
            "list": [{"b": 1, "a": "x"}, ["y", []], {}],
            "script": "#!/bin/sh\necho hi\n",
            "empty": {},
            "none": None,
        },
        "kind": "Example",
        "apiVersion": "example.dev/v1",
        "metadata": {"name": "layout"},
    }
    assert write_document(body).decode() == (
        "apiVersion: example.dev/v1\n"
        "kind: Example\n"
        "metadata:\n"
        "  name: layout\n"
        "spec:\n"
        "  empty: {}\n"
        "  list:\n"
        "  - a: x\n"
        "    b: 1\n"
        '  - - "y"\n'
        "    - []\n"
        "  - {}\n"
        "  none: null\n"
        "  script: |\n"
        "    #!/bin/sh\n"
        "    echo hi\n"
    )


def test_long_lines_are_not_folded() -> None:
    long = "word " * 300 + "end"
    assert write_document({"value": long}).decode() == f"value: {long}\n"
