"""What two versions share is read once, and stands nevertheless where it stands in each of them."""

from __future__ import annotations

import pytest

from pipeline.errors import ManifestError
from pipeline.model.documents.rereading import parts_of, sharing_documents
from pipeline.model.documents.yaml_reading import read_manifests
from pipeline.model.manifests import Resource


def _object(name: str, more: str = "") -> str:
    return f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\n{more}"


_LIST = (
    "kind: ConfigMapList\napiVersion: v1\nitems:\n- metadata:\n    name: x\n- metadata:\n    name: y\n"
)  # fmt: skip


def _told(resources: list[Resource]) -> list[tuple[str, str, str]]:
    return [(str(resource.id), str(resource.origin), repr(resource.body)) for resource in resources]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (f"{_object('a')}---\n{_object('b')}", f"# new\n---\n{_object('b')}---\n{_object('c')}---\n{_object('a')}"),
        (f"---\n{_object('a')}--- # no more\n{_LIST}", f"{_LIST}---\n---\n{_object('a')}"),
        (f"{_object('a', 'data: {{k: |')}\n", f"{_object('a')}"),
        (_object("a", "data:\n  k: |\n    text\n\n") + "---\n" + _object("b"), _object("b")),
        (_object("a", "data:\n  k: |\n    text") + "\n---\n" + _object("b"), _object("a", "data:\n  k: |\n    text")),
        (_object("a") + "...\n---\n" + _object("b"), _object("b") + "---\n" + _object("a")),
        ("%TAG !t! tag:t\n---\n" + _object("a", "data: !t!x {}\n"), "---\n" + _object("a", "data: !t!x {}\n")),
        (_object("a").replace("\n", "\r\n") + "---\r\n" + _object("b"), _object("b") + "---\n" + _object("a")),
        (_object("a", "data: {k: &k v, l: *k}\n") + "---\n" + _object("b"), _object("b")),
        (_object("a", "data: {k: 'x\n---\n  y'}\n"), _object("a")),
        ('{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}', _object("a")),
    ],
)
def test_sharing_changes_nothing_that_is_read(first: str, second: str) -> None:
    def read(text: str, file: str) -> list[tuple[str, str, str]] | str:
        try:
            return _told(read_manifests(text.encode(), file))
        except ManifestError as error:
            return str(error)

    versions = [(first, "old.yaml"), (second, "new.yaml"), (first + "\n", "old.yaml"), (first, "again.yaml")]
    alone = [read(*version) for version in versions]
    with sharing_documents():
        assert [read(*version) for version in versions] == alone


def test_equal_documents_become_one_body_and_changed_ones_do_not() -> None:
    with sharing_documents():
        old = read_manifests(f"{_object('a')}---\n{_object('b')}".encode(), "old.yaml")
        new = read_manifests(f"{_object('b')}---\n{_object('a', 'data: {k: v}')}\n".encode(), "new.yaml")

    assert new[0].body is old[1].body
    assert str(new[0].origin) == "new.yaml:1"
    assert new[1].body == {**old[0].body, "data": {"k": "v"}}


def test_what_is_wrong_in_a_new_document_is_refused_where_it_stands() -> None:
    with sharing_documents():
        read_manifests(f"{_object('a')}---\n{_object('b')}".encode(), "old.yaml")
        with pytest.raises(ManifestError, match=r"^new\.yaml:10:1: "):
            read_manifests(f"{_object('a')}---\n{_object('b')}---\n".encode() + b"kind: [\n", "new.yaml")


def test_nothing_is_shared_outside() -> None:
    with sharing_documents():
        (inside,) = read_manifests(_object("a").encode(), "f.yaml")
    (outside,) = read_manifests(_object("a").encode(), "f.yaml")

    assert outside.body == inside.body
    assert outside.body is not inside.body


@pytest.mark.parametrize(
    "content",
    ["", "a: 1", "%YAML 1.1\n---\na: 1\n", "a: 1\n...\n", "a: &x 1\n---\nb: 2\n", "a: 1\r\n---\n", "----\n---\na: 1\n",
     "\ufeffa: 1\n---\nb: 1\n", "a: \u2028\n---\nb: 1\n", ' {"a": 1}\n---\n'],
)  # fmt: skip
def test_what_cannot_surely_be_taken_apart_is_one_part(content: str) -> None:
    assert parts_of(content.encode()) == [(content.encode(), 0)]
