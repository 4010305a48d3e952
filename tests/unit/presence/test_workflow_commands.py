from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ci.workflow_commands import Annotations, annotation, command, shielded
from pipeline.model.telling import Annotation
from pipeline.model.validation.finding import Severity

COMMAND = re.compile(r"::(?P<name>[a-z-]+)(?: (?P<properties>[^\n]*?))?::(?P<data>[^\n]*)\n")


def remark(message: str = "m", *, severity: Severity = Severity.ERROR, title: str = "t") -> Annotation:
    return Annotation(severity=severity, title=title, message=message)


def unescaped(text: str) -> str:
    for code, mark in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(code, mark)
    return text


def seen_by_the_runner(text: str) -> list[str]:
    """The commands that GitHub's runner obeys, in order; as it does, it trims lines and knows an older form."""
    names: list[str] = []
    stopped = ""
    for line in re.split(r"\r\n|\r|\n", text):
        found = re.match(r"\s*::([^ :]+)(?: [^:]*)?::(.*)", line) or re.search(r"##\[([^\] ]+)[^\]]*\](.*)", line)
        if found is None:
            continue
        if stopped:
            stopped = "" if found[1] == stopped else stopped
        else:
            names.append(found[1])
            stopped = found[2] if found[1] == "stop-commands" else ""
    return names


@given(st.text(max_size=80))
def test_a_command_is_one_line_that_reads_back_as_what_it_was(text: str) -> None:
    line = command("error", text, title=text)

    found = COMMAND.fullmatch(line)
    assert found is not None
    assert line.count("\n") == 1
    assert unescaped(found["data"]) == text


def test_data_and_properties_are_escaped_as_the_runner_reads_them() -> None:
    line = command("error", "a%b\r\nc:d,e", file="x:y,z%", title="")

    assert line == "::error file=x%3Ay%2Cz%25::a%25b%0D%0Ac:d,e\n"


def test_an_annotation_names_file_and_line_only_where_the_file_is_known() -> None:
    where = Annotation(severity=Severity.NOTE, title="rule", message="why\nnot", file="x", line=3)

    assert annotation(where, "deploy/x.yaml") == "::notice file=deploy/x.yaml,line=3,title=rule::why not\n"
    assert annotation(where, "") == "::notice title=rule::why not\n"


def test_of_each_level_a_few_are_said_and_the_rest_is_counted_once() -> None:
    annotations = Annotations()
    many = tuple(remark(str(number), severity=severity) for severity in Severity for number in range(30))

    text = annotations.lines(many, lambda _: "") + annotations.lines(many, lambda _: "")

    assert text.count("::error") == 9
    assert text.count("::warning") == 10
    assert text.count("::notice") == 10
    assert "::error title=gitless::22 more in the summary\n" in text
    assert "::warning title=gitless::21 more in the summary\n" in text


def test_stages_share_what_a_step_may_say() -> None:
    annotations = Annotations()

    texts = [annotations.lines(tuple(remark(str(number)) for number in range(5)), lambda _: "") for _ in range(3)]

    assert [text.count("::error") for text in texts] == [5, 4, 0]
    assert "2 more in the summary" in texts[1]


HOSTILE = [
    "::set-output name=digest::sha256:evil",
    "  ::error::x",
    "harmless\n\t::add-mask::x\n",
    "x\r::error::y",
    "text ##[set-output name=digest]evil",
    "::stop-commands::guess\n::error::x",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_makes_the_runner_obey(text: str) -> None:
    assert seen_by_the_runner(text) != []
    assert seen_by_the_runner(f"{shielded(text)}::notice::after\n") == ["stop-commands", "notice"]


def test_harmless_text_stays_what_it_is() -> None:
    assert shielded("a::b\nimage: x::y\n") == "a::b\nimage: x::y\n"
