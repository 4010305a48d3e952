import pytest

from pipeline.errors import ConfigurationError
from pipeline.model.documents.editing import add_item, set_scalar

DIGEST = "sha256:" + "1a" * 32

VALUES = """# Values of the shop.
web:
    image:            # what runs
        repository: "ghcr.io/acme/web"   # quoted
        tag: '1.0'    # single
        pullPolicy: Always

# In between.
flow: {image: {tag: 1.0, digest: ""}, list: [a, b]}
empty:
list:
- name: first
  tag: old

- name: second   # the second
after: end
"""


@pytest.mark.parametrize(
    ("path", "value", "line"),
    [
        (("web", "image", "repository"), "ghcr.io/acme/other", '        repository: "ghcr.io/acme/other"   # quoted'),
        (("web", "image", "tag"), "it's", "        tag: 'it''s'    # single"),
        (("web", "image", "pullPolicy"), "Never", "        pullPolicy: Never"),
        (("flow", "image", "tag"), "1.10", 'flow: {image: {tag: "1.10", digest: ""}, list: [a, b]}'),
        (("flow", "list", 1), "on", 'flow: {image: {tag: 1.0, digest: ""}, list: [a, "on"]}'),
        (("empty",), DIGEST, f"empty: {DIGEST}"),
        (("list", 0, "tag"), "2026-01-01", '  tag: "2026-01-01"'),
        (("list", 0, "tag"), "1e3", '  tag: "1e3"'),
    ],
)
def test_one_value_changes_and_every_other_byte_stays(path: tuple[str | int, ...], value: str, line: str) -> None:
    made = set_scalar(VALUES, "values.yaml", path, value).splitlines()

    before = VALUES.splitlines()
    changed = [new for old, new in zip(before, made, strict=True) if old != new]
    assert changed == [line]


@pytest.mark.parametrize(
    ("path", "after", "line"),
    [
        (("web", "image", "digest"), "        pullPolicy: Always", f"        digest: {DIGEST}"),
        (("list", 0, "digest"), "  tag: old", f"  digest: {DIGEST}"),
        (("list", 1, "digest"), "- name: second   # the second", f"  digest: {DIGEST}"),
        (("digest",), "after: end", f"digest: {DIGEST}"),
    ],
)
def test_a_new_key_comes_behind_the_last_one(path: tuple[str | int, ...], after: str, line: str) -> None:
    made = set_scalar(VALUES, "values.yaml", path, DIGEST)

    assert made.replace(f"{line}\n", "", 1) == VALUES
    assert made.splitlines()[made.splitlines().index(line) - 1] == after


def test_a_new_key_fits_into_braces() -> None:
    assert set_scalar("a: {b: c}\n", "f", ("a", "d"), "e") == "a: {b: c, d: e}\n"
    assert set_scalar("a: {}\n", "f", ("a", "d"), "e") == "a: {d: e}\n"


def test_line_ends_stay_what_they_are() -> None:
    text = "image:\r\n  tag: a\r\nafter: b\r\n"

    assert set_scalar(text, "f", ("image", "digest"), "x") == "image:\r\n  tag: a\r\n  digest: x\r\nafter: b\r\n"
    assert set_scalar("a: b", "f", ("c",), "d") == "a: b\nc: d"


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("images:\n- name: a\nlast: x\n", "images:\n- name: a\n- name: b\n  newTag: '1'\nlast: x\n"),
        (
            "images:\n  - name: a # first\n\n# end\n",
            "images:\n  - name: a # first\n  - name: b\n    newTag: '1'\n\n# end\n",
        ),
        ("resources: [x]\n", "resources: [x]\nimages:\n- name: b\n  newTag: '1'\n"),
        ("images: []\n", "images: [{name: b, newTag: '1'}]\n"),
        ("images: [{name: a}]\n", "images: [{name: a}, {name: b, newTag: '1'}]\n"),
    ],
)
def test_an_item_is_added_at_the_end_of_its_list(text: str, made: str) -> None:
    assert add_item(text, "f", ("images",), {"name": "b", "newTag": "1"}) == made.replace("'1'", '"1"')


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a: b\n", ("x", "y")),
        ("a: [b]\n", ("a", 3)),
        ("a: {b: c}\n", ("a",)),
        ("a: &x 1\nb: *x\n", ("a", "c")),
        ("", ("a",)),
        ("a: b\n---\nc: d\n", ("a",)),
        ("a: [", ("a",)),
    ],
)
def test_what_is_not_there_is_not_invented(text: str, path: tuple[str | int, ...]) -> None:
    with pytest.raises(ConfigurationError, match=r"^values"):
        set_scalar(text, "values.yaml", path, "new")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a: &shared {tag: old}\nb: *shared\n", ("b", "tag")),
        ("a: &tag old\nb: *tag\n", ("b",)),
        ("a: |\n  text\nb: c\n", ("a",)),
        ("base: &base\n  tag: old\nweb:\n  <<: *base\n", ("web", "tag")),
    ],
)
def test_what_cannot_be_changed_alone_is_refused_with_what_to_do(text: str, path: tuple[str, ...]) -> None:
    with pytest.raises(ConfigurationError, match="cannot be edited safely") as caught:
        set_scalar(text, "values.yaml", path, "new")

    assert caught.value.hint == f"change it by hand: set {'.'.join(path)}: new"


def test_a_list_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="'images' is no list"):
        add_item("images: text\n", "f", ("images",), {"name": "b"})
