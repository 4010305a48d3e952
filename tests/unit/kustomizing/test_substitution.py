"""The dialect of ``${…}``, case by case; every expectation was compared with what Flux's own library answers."""

from __future__ import annotations

import time

import pytest

from pipeline.model.kustomizing.substitution import MAX_DEPTH, SubstitutionError, substitute

_VARIABLES = {
    "x": "value",
    "empty": "",
    "n": "2",
    "path": "/usr/local/lib/libz.so.1",
    "mixed": "hELLO wORLD",
    "umlaut": "äö",
    "slash": "a/b",
    "_u1": "under",
    "money": "$x ${x}",
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Where there is nothing to replace.
        ("plain", "plain"),
        ("$x stays", "$x stays"),
        ("$(x) stays", "$(x) stays"),
        ("a { b } c", "a { b } c"),
        ("ends in $", "ends in $"),
        # Plain variables.
        ("${x}", "value"),
        ("a${x}b${x}c", "avaluebvaluec"),
        ("${_u1}", "under"),
        ("${unset}", ""),
        ("${empty}", ""),
        ("${money}", "$x ${x}"),
        # Dollars.
        ("$$", "$"),
        ("$$$$", "$$"),
        ("$${x}", "${x}"),
        ("$$${x}", "$value"),
        ("price: 5$$ or $$x", "price: 5$ or $x"),
        # Length, in bytes.
        ("${#x}", "5"),
        ("${#empty}", "0"),
        ("${#umlaut}", "4"),
        # Case.
        ("${mixed^}", "HELLO wORLD"),
        ("${mixed^^}", "HELLO WORLD"),
        ("${mixed,}", "hELLO wORLD"),
        ("${mixed,,}", "hello world"),
        ("${umlaut^}", "Äö"),
        ("${umlaut^^}", "ÄÖ"),
        ("${x,^}", "value"),
        # Substrings, in bytes.
        ("${x:1}", "alue"),
        ("${x:1:2}", "al"),
        ("${x:-2}", "value"),
        ("${x:9}", ""),
        ("${x:0:99}", "value"),
        ("${x:0:0}", ""),
        ("${x:+1}", "value"),
        ("${x:n}", "value"),
        ("${x:1:n}", "value"),
        ("${x:${n}}", "lue"),
        ("${x:${n}:${n}}", "lu"),
        ("${x: -2}", "value"),
        ("${x:1::2}", "al"),
        ("${umlaut:2}", "ö"),
        # Globs at the beginning and at the end.
        ("${path#*/}", "usr/local/lib/libz.so.1"),
        ("${path##*/}", "libz.so.1"),
        ("${path%.*}", "/usr/local/lib/libz.so"),
        ("${path%%.*}", "/usr/local/lib/libz"),
        ("${path%/*}", "/usr/local/lib"),
        ("${x#v?l}", "ue"),
        ("${x#[a-v]}", "alue"),
        ("${x#[^a-u]}", "alue"),
        ("${x#[z}", "value"),
        ("${x#nothing}", "value"),
        ("${x#*}", "alue"),
        ("${x##*}", ""),
        ("${x%ue}", "val"),
        ("${x%[e]}", "value"),
        ("${x###}", "value"),
        ("${empty#*}", ""),
        # Replacement of literal text.
        ("${path/l/L}", "/usr/Local/lib/libz.so.1"),
        ("${path//l/L}", "/usr/LocaL/Lib/Libz.so.1"),
        ("${path//l/}", "/usr/oca/ib/ibz.so.1"),
        ("${path//\\//-}", "-usr-local-lib-libz.so.1"),
        ("${path/*/x}", "/usr/local/lib/libz.so.1"),
        ("${x/#val/cl}", "clue"),
        ("${x/#ue/cl}", "value"),
        ("${x/%ue/ley}", "valley"),
        ("${x/%val/ley}", "value"),
        ("${x/#val/}", "value"),
        ("${x//a/\\\\}", "v\\lue"),
        ("${x//a/$$}", "v$lue"),
        ("${x//a/${n}}", "v2lue"),
        ("${x//${empty}/.}", ".v.a.l.u.e."),
        ("${slash/\\//:}", "a:b"),
        # Defaults: for what is unset or empty, whatever the operator.
        ("${unset:-d}", "d"),
        ("${unset:=d}", "d"),
        ("${unset=d}", "d"),
        ("${unset:+d}", "d"),
        ("${unset:?d}", "d"),
        ("${empty:-d}", "d"),
        ("${empty=d}", "d"),
        ("${x:-d}", "value"),
        ("${x:+d}", "value"),
        ("${unset:-}", ""),
        ("${unset:-a b: {c\n}", "a b: {c\n"),
        ("${unset:-$$}", "$$"),
        ("${unset:-$x}", "$x"),
        ("${unset:-${x}}", "value"),
        ("${unset:-a${x}b${n}c}", "avalueb2c"),
        ("${unset:-${other:-${x^}}}", "Value"),
        ("${unset:-https://host:80/a?b=c}", "https://host:80/a?b=c"),
    ],
)
def test_every_operator(text: str, expected: str) -> None:
    assert substitute(text.encode(), _VARIABLES, strict=False).decode() == expected


@pytest.mark.parametrize(
    "text",
    [
        "${",
        "${}",
        "${x",
        "${x:",
        "${x:}",
        "${x:1:}",
        "${x:é}",
        "${x-d}",
        "${x+d}",
        "${x?d}",
        "${x!}",
        "${x }",
        "${ x}",
        "${-x}",
        "${a-b}",
        "${a.b}",
        "${#}",
        "${##x}",
        "${x#}",
        "${x%%}",
        "${x^^^}",
        "${x/a}",
        "${x//}",
        "${x/a/b",
        "${x:-d",
        "${x#a${n}}",
        "${x/${n}a/b}",
        "${x:1:-1}",
        "${unset:-${x}",
        "${unset:-{}" + "${",
    ],
)
def test_what_has_no_meaning_is_refused(text: str) -> None:
    with pytest.raises(SubstitutionError):
        substitute(text.encode(), _VARIABLES, strict=False)


@pytest.mark.parametrize(
    "text", ["${unset}", "${#unset}", "${unset^^}", "${unset:1}", "${unset#a}", "${unset/a/b}", "${x:-${unset}}"]
)
def test_strictly_a_variable_must_be_set_or_have_a_default(text: str) -> None:
    with pytest.raises(SubstitutionError, match="'unset' is not set") as caught:
        substitute(text.encode(), _VARIABLES, strict=True)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["${unset:-}", "${unset:=d}", "${unset=d}", "${unset:+d}", "${unset:?d}", "${empty}"])
def test_strictly_a_default_or_an_empty_value_will_do(text: str) -> None:
    substitute(text.encode(), _VARIABLES, strict=True)


def test_a_message_names_the_line_and_nothing_of_the_text() -> None:
    with pytest.raises(SubstitutionError) as caught:
        substitute(b"a: b\npassword: se${cret!}\n", {}, strict=True)
    assert caught.value.message.startswith("line 2: ")
    assert "password" not in caught.value.message


def test_nesting_has_an_end() -> None:
    deep = b"${a:-" * MAX_DEPTH + b"d" + b"}" * MAX_DEPTH
    assert substitute(deep, {}, strict=True) == b"d"
    with pytest.raises(SubstitutionError, match="nested"):
        substitute(b"${a:-" * 100_000, {}, strict=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"${x} " * 100_000, "1"),
        (b"${x^^}" * 10_000, "a" * 10**6),
        (b"${x//a/${x}}", "a" * 10**6),
        (b"${x##*a*a*a*a*a*b}", "a" * 10**6),
        (b"${x%%[a-z]*?a?b}", "a" * 10**6),
        (b"${x##*" + b"a?" * 400 + b"b}", "a" * 10**6),
        (b"${x#" + b"?" * 1000 + b"b}", "\u00e9" * 500_000),
        (b"${x/" + b"\\" * 10**6 + b"/b}", "a"),
        (b"${y:-" + b"$a" * 500_000 + b"}", "a"),
        (b"$$" * 500_000, ""),
    ],
    ids=lambda value: str(len(value)),
)
def test_a_megabyte_takes_no_time(text: bytes, value: str) -> None:
    begin = time.process_time()
    try:
        substitute(text, {"x": value}, strict=False)
    except SubstitutionError as refused:
        assert "large" in refused.message  # noqa: PT017 - too much work is as good an end as any
    assert time.process_time() - begin < 20


def test_bytes_that_are_no_text_pass_unchanged() -> None:
    value = b"\xff\xfe".decode("utf-8", "surrogateescape")
    assert substitute(b"${x}${x:1}", {"x": value}, strict=True) == b"\xff\xfe\xfe"
