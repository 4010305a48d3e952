from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.errors import ManifestError
from pipeline.model.documents.yaml_reading import read_documents, read_manifests

_OBJECT = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\n"


def _value(text: str) -> Any:  # noqa: ANN401 - any JSON value
    ((body, _),) = read_documents(f"value: {text}\n".encode(), "f.yaml")
    return body["value"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True), ("NO", False), ("on", True), ("y", True), ("n", False), ("yEs", "yEs"), ("0777", 511),
        ("0o777", 511), ("08", 8), ("1e3", 1000), ("12e03", 12000), ("1234567e8", 123456700000000), ("1_000", 1000),
        ("0b11", 3), ("-0b11", -3), ("0x1F", 31), ("0x", "0x"), ("1.0", 1), ("1.5", 1.5), (".5", 0.5), ("._5", "._5"),
        ("=", "="), ("12:30:45", "12:30:45"), ("2026-01-01", "2026-01-01"), ("1e400", "1e400"), ("", None),
        ("~", None), ("'~'", "~"), ('"1"', "1"), ("!!str 1", "1"), ("! '1'", "1"), ("!own 1", "1"), ("!!float 1", 1),
        ("!!binary aGFsbG8=", "hallo"), ("9223372036854775807", 2**63 - 1), ("9223372036854775808", float(2**63)),
        ("123456789012345678901234567890", 1.2345678901234568e29),
    ],
)  # fmt: skip
def test_scalars_mean_what_they_mean_to_go(text: str, value: object) -> None:
    read = _value(text)
    assert read == value
    assert type(read) is type(value)


def test_keys_become_text() -> None:
    ((body, _),) = read_documents(b"1: a\ny: b\n0x10: c\n2026-01-01: d\n", "f.yaml")
    assert body == {"1": "a", "true": "b", "16": "c", "2026-01-01": "d"}


def test_keys_that_become_the_same_text_are_one_key_twice() -> None:
    with pytest.raises(
        ManifestError, match=r"^f\.yaml:2:1: the key 'true' is there twice in one mapping, first on line 1"
    ):
        list(read_documents(b"true: b\ny: c\n", "f.yaml"))


def test_merges_come_below_keys_and_earlier_ones_above_later() -> None:
    text = b"a: &a {x: 1, p: 1}\nb: &b {p: 2, z: 2}\nmerged: {<<: [*a, *b], x: 3}\nquoted: {'<<': text}\n"
    ((body, _),) = read_documents(text, "f.yaml")
    assert body["merged"] == {"x": 3, "p": 1, "z": 2}
    assert body["quoted"] == {"<<": "text"}


def test_the_line_is_that_of_each_documents_first_key() -> None:
    text = b"# first\n---\n\n# comment\na: 1\n---\n---\n# nothing here\n---\nb: 2\n...\n"
    assert list(read_documents(text, "f.yaml")) == [({"a": 1}, 5), ({"b": 2}, 10)]


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm() -> None:
    ((body, _),) = read_documents(b"\xef\xbb\xbfa: |\r\n  x\r\n  y\r\nb: c\r\n", "f.yaml")
    assert body == {"a": "x\ny\n", "b": "c"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a: 1\n\tb: 2\n", "f.yaml:2:1: a tab where YAML expects spaces"),
        (b"a: b: c\n", "f.yaml:1:5: mapping values are not allowed"),
        (b"a: 'x\nb: 1\n", r"f.yaml:3:1: found unexpected end of stream .*begins on line 1"),
        (b"a: 1\na: 2\n", "f.yaml:2:1: the key 'a' is there twice in one mapping, first on line 1"),
        (b"a:\n  b: .nan\n", r"f.yaml:2:6: \.nan is a number that JSON cannot hold"),
        (b"a: -.Inf\n", r"f.yaml:1:4: -\.Inf is a number"),
        (b"~: 1\n", r"f.yaml:1:1: an empty \(null\) key"),
        (b"1.5: 1\n", r"f.yaml:1:1: the number 1\.5 as a key"),
        (b"? [a]\n: 1\n", "f.yaml:1:3: a sequence as a key"),
        (b"a: !!int x\n", "f.yaml:1:4: this is no !!int"),
        (b"a: {x: 1, <<: {x: 2}}\n", "f.yaml:1:11: '<<' comes after the key 'x'"),
        (b"a: 1\nb: *no\n", "f.yaml:2:4: found undefined alias"),
        (b"a: \xff\n", "f.yaml:1:4: byte 0xff is not UTF-8"),
        ("ü: ö\nä: \x07\n".encode(), r"f.yaml:2:4: the character U\+0007 is not allowed"),
        ("a: 1\n".encode("utf-16"), "f.yaml:1:1: UTF-16"),
        ("a: 1\n".encode("utf-32"), "f.yaml:1:1: UTF-16 or UTF-32"),
        (b"[" * 100_000, "f.yaml:1:[0-9]+: .*nest"),
        (b"a: &a\n  b: *a\n", "f.yaml:1:4: aliases"),
        (b"- " * 300 + b"x", "f.yaml:1:[0-9]+: nested deeper than 250"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_place(content: bytes, message: str) -> None:
    with pytest.raises(ManifestError, match=f"^{message}"):
        list(read_documents(content, "f.yaml"))


def test_aliases_that_unfold_without_bounds_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 9)]
    with pytest.raises(ManifestError, match="unfold into too much data"):
        list(read_documents("\n".join(lines).encode(), "bomb.yaml"))


def test_json_is_read_as_json() -> None:
    text = '{\t"a": "\\ud83d\\ude00\\/\u2028", "b": 1.0, "c": 1e2, "d": 18446744073709551615, "e": 2.5}\n\n{"f": []}'
    assert list(read_documents(text.encode(), "f.json")) == [
        ({"a": "😀/\u2028", "b": 1, "c": 100, "d": 18446744073709551615.0, "e": 2.5}, 1),
        ({"f": []}, 3),
    ]


def test_flow_style_yaml_is_no_broken_json() -> None:
    assert list(read_documents(b"{a: 1}\n", "f.yaml")) == [({"a": 1}, 1)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1,}', "f.json:1:9: .*expected JSON"),
        ('{"a":\n"NaN", "b": NaN}', "f.json:2:13: NaN is a number that JSON cannot hold"),
        ('{"a": 1' + "0" * 400 + "}", "f.json:1:7: 10+ is a number that JSON cannot hold"),
        ('{"a": 1e999}', "f.json:1:7: 1e999 is a number that JSON cannot hold"),
        ('{"a": {\n"b": 1, "b": 2}}', "f.json:2:9: the key 'b' is there twice"),
        ('{"a":' * 300 + "1" + "}" * 300, "f.json:1:[0-9]+: nested deeper than 250"),
        ('{"a": "\\ud800"}', "f.json:1:10: found invalid Unicode"),
    ],
)
def test_what_is_wrong_in_json_is_refused_with_its_place(content: str, message: str) -> None:
    with pytest.raises(ManifestError, match=f"^{message}"):
        list(read_documents(content.encode(), "f.json"))


def _list_of(kind: str, *items: dict[str, Any], **more: Any) -> bytes:  # noqa: ANN401 - any JSON value
    return json.dumps({"apiVersion": "v1", "kind": kind, **more, "items": list(items)}, indent=1).encode()


def test_lists_are_taken_apart_each_item_with_its_line() -> None:
    text = (
        b"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n"
        b"- apiVersion: v1\n  kind: ConfigMapList\n  items:\n  - metadata: {name: b}\n"
    )
    found = [(str(resource.id), str(resource.origin)) for resource in read_manifests(text, "f.yaml")]
    assert found == [("ConfigMap a", "f.yaml:4"), ("ConfigMap b", "f.yaml:10")]


def test_a_list_in_json_knows_its_items_lines_too() -> None:
    item = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}}
    (resource,) = read_manifests(_list_of("List", item), "f.json")
    assert str(resource.origin) == "f.json:5"


def test_an_object_whose_kind_ends_in_list_is_an_object_if_it_has_a_name() -> None:
    content = _list_of("AllowList", {"a": 1}, metadata={"name": "mine"})
    assert [str(resource.id) for resource in read_manifests(content, "f.json")] == ["AllowList mine"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "f.yaml:1:1: a document that is a list"),
        ("text\n", "f.yaml:1:1: a document that is text"),
        ("kind: X\n", "f.yaml:1:1: apiVersion is missing"),
        ("apiVersion: v1\n", "f.yaml:1:1: kind is missing"),
        ("apiVersion: 1\nkind: X\n", "f.yaml:1:13: apiVersion is a number; expected text"),
        ("apiVersion: v1\nkind: X\nmetadata: []\n", "f.yaml:3:11: metadata of this X is a list"),
        ("apiVersion: v1\nkind: X\n", r"f.yaml:1:1: metadata\.name of this X is missing"),
        ("apiVersion: v1\nkind: X\nmetadata:\n  name: 1\n", r"f.yaml:4:9: metadata\.name of this X is a number"),
        (_OBJECT + "  namespace: yes\n", r"f.yaml:5:14: metadata\.namespace of this ConfigMap is a boolean"),
        (
            _OBJECT + "  labels:\n    a: on\n",
            r"f.yaml:6:8: metadata\.labels of ConfigMap x: the value of 'a' is a bool",
        ),
        (_OBJECT + "  annotations: text\n", r"f.yaml:5:16: metadata\.annotations of ConfigMap x is text"),
        ("apiVersion: v1\nkind: Job\nmetadata:\n  generateName: a-\n", "f.yaml:4:17: this Job has generateName"),
    ],
)
def test_a_document_that_is_no_object_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ManifestError, match=f"^{message}"):
        read_manifests(text.encode(), "f.yaml")


def test_no_message_shows_a_value() -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData:\n  a: !!int hunter2\n"
    with pytest.raises(ManifestError) as caught:
        read_manifests(secret.encode(), "f.yaml")
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"
