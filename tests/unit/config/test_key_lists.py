from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigurationError
from pipeline.model.settings.key_lists import add_key, remove_key, set_value


def old(text: str) -> bool:
    return text == "old.pub"


def new(text: str) -> bool:
    return text == "new.pub"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("keys: [old.pub]\n", "keys: [old.pub, new.pub]\n"),
        ("keys: [ old.pub , b.pub ] # c\n", "keys: [ old.pub, new.pub , b.pub ] # c\n"),
        ("keys:\n- old.pub", "keys:\n- old.pub\n- new.pub"),
        ("keys:\r\n  - 'old.pub' # c\r\n  - b\r\n", "keys:\r\n  - 'old.pub' # c\r\n  - new.pub\r\n  - b\r\n"),
        ("a: {keys: [old.pub], b: 1}\n", "a: {keys: [old.pub, new.pub], b: 1}\n"),
        ("r:\n- x:\n    keys:\n    - file: old.pub\n      n: 1\n",
         "r:\n- x:\n    keys:\n    - file: old.pub\n      n: 1\n    - file: new.pub\n      n: 1\n"),
        ("k: &a\n  keys: [old.pub]\nl: *a\n", "k: &a\n  keys: [old.pub, new.pub]\nl: *a\n"),
        ("\ufeffkeys: [old.pub]\nü: ä\n", "\ufeffkeys: [old.pub, new.pub]\nü: ä\n"),
    ],
)  # fmt: skip
def test_only_the_new_key_comes_in_and_removing_the_old_one_leaves_it(before: str, after: str) -> None:
    made = add_key(before, "f", old, "new.pub")

    assert made.text == after
    left = remove_key(made.text, "f", old, new).text
    assert yaml.safe_load(left) == yaml.safe_load(before.replace("old.pub", "new.pub"))


def test_a_list_that_has_the_new_key_is_left_alone() -> None:
    text = "a: {keys: [old.pub, new.pub]}\nb: {keys: [old.pub]}\n"

    assert add_key(text, "f", old, "new.pub").text == text[:-3] + ", new.pub]}\n"


@pytest.mark.parametrize(
    "text",
    [
        "keys: [b.pub]", "", "a: b: c", "keys: old.pub", "- - -", "keys: {a: old.pub}",
        "keys:\n- - old.pub\n", "x: &k [old.pub]\nkeys: *k\n---\n", "\x00",
    ],
)  # fmt: skip
def test_what_cannot_be_edited_safely_is_said_and_not_tried(text: str) -> None:
    with pytest.raises(ConfigurationError):
        add_key(text, "f", old, "new.pub")


def test_a_list_of_which_several_must_sign_is_pointed_out() -> None:
    (said,) = add_key("signature: {count: 2, keys: [old.pub, b.pub]}\n", "f", old, "new.pub").changes

    assert "whoever has both keys counts twice until the old one goes" in said


def test_a_name_that_yaml_would_misread_is_quoted() -> None:
    made = add_key("keys: [old.pub]\n", "f", old, "keys: #1/new.pub")

    assert yaml.safe_load(made.text) == {"keys": ["old.pub", "keys: #1/new.pub"]}


def test_a_value_is_replaced_and_its_neighbours_are_not() -> None:
    changed = add_key("signing: {key: 'a.key', format: bundle} # c\nkeys: [old.pub]\n", "f", old, "new.pub")

    made = set_value(changed, "f", ("signing", "key"), "b.key")

    assert made.text == "signing: {key: b.key, format: bundle} # c\nkeys: [old.pub, new.pub]\n"
    assert len(made.changes) == 2
    with pytest.raises(ConfigurationError, match=r"no 'signing\.missing'"):
        set_value(changed, "f", ("signing", "missing"), "b.key")


names = st.sampled_from(["a.pub", "old.pub", "b c.pub", "ü.pub", "#.pub"])


@given(
    keys=st.lists(names, min_size=1, max_size=4, unique=True),
    flow=st.sampled_from([True, False, None]),
    indent=st.sampled_from([2, 4]),
    deep=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_however_yaml_is_written_it_reads_as_it_should(
    *,
    keys: list[str],
    flow: bool | None,
    indent: int,
    deep: bool,
) -> None:
    data = {"a": 1, "trust": {"rules": [{"keys": keys, "z": [1]}]} if deep else {"keys": keys}, "z": "end"}
    text = yaml.safe_dump(data, default_flow_style=flow, indent=indent, allow_unicode=True)
    if "old.pub" not in keys:
        with pytest.raises(ConfigurationError, match="no list named 'keys'"):
            add_key(text, "f", old, "new.pub")
        return
    place = keys.index("old.pub")
    expected = [*keys[: place + 1], "new.pub", *keys[place + 1 :]]

    made = yaml.safe_load(add_key(text, "f", old, "new.pub").text)

    assert (made["trust"]["rules"][0] if deep else made["trust"])["keys"] == expected
