from __future__ import annotations

import base64
from collections.abc import Mapping

import pytest

from pipeline.errors import ConfigurationError, ManifestError
from pipeline.model.flux.kustomization import PostBuild, SubstituteFrom
from pipeline.model.kustomizing.object_substitution import substitute_object
from pipeline.model.kustomizing.substitution import SubstitutionError
from pipeline.model.kustomizing.variables import collect_variables
from pipeline.model.manifests import Body, Resource


def _encoded(value: bytes) -> str:
    return base64.b64encode(value).decode()


_BODIES: Mapping[str, Body] = {
    "ConfigMap/one": {"data": {"a": "1", "b": "x\ny\n"}, "binaryData": {"c": "AA=="}},
    "ConfigMap/bad": {"data": {"tls.crt": "1"}},
    "ConfigMap/empty": {},
    "Secret/two": {"data": {"b": _encoded(b"se\ncret"), "c": _encoded("ä".encode()), "d": _encoded(b"\xff"), "e": ""}},
}


def _collected(*references: SubstituteFrom, **substitute: str) -> Mapping[str, str]:
    return collect_variables(PostBuild(substitute, references), lambda one: _BODIES.get(f"{one.kind}/{one.name}"))


def test_what_comes_later_wins_and_the_spec_wins_over_all() -> None:
    one, two = SubstituteFrom("ConfigMap", "one"), SubstituteFrom("Secret", "two")
    assert _collected(one, two) == {"a": "1", "b": "secret", "c": "ä", "e": ""}
    assert _collected(two, one)["b"] == "xy"
    assert _collected(one, two, a="in\nline") == {"a": "inline", "b": "secret", "c": "ä", "e": ""}
    assert _collected(SubstituteFrom("ConfigMap", "empty")) == {}


def test_only_what_is_optional_may_be_missing() -> None:
    assert _collected(SubstituteFrom("Secret", "none", optional=True), a="1") == {"a": "1"}
    with pytest.raises(ConfigurationError, match="Secret/none does not exist") as caught:
        _collected(SubstituteFrom("Secret", "none"))
    assert caught.value.hint


@pytest.mark.parametrize("name", ["a-b", "1a", "", "a.b", "ä", "a b", "a\n"])
def test_names_are_those_of_variables(name: str) -> None:
    with pytest.raises(ConfigurationError, match="no name for a variable"):
        _collected(**{name: "x"})


def test_a_bad_name_is_told_with_where_it_is() -> None:
    with pytest.raises(ConfigurationError, match=r"ConfigMap/bad: 'tls\.crt'"):
        _collected(SubstituteFrom("ConfigMap", "bad"))


def _substituted(body: Mapping[str, object], kind: str = "Thing", **variables: str) -> Body:
    whole = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}, **body}
    return substitute_object(Resource.from_body(whole), variables, strict=True).body


@pytest.mark.parametrize(
    ("written", "value", "read"),
    [
        ("${x}", "8", 8),
        ("${x}", "true", True),
        ("${x}", "1e3", 1000),
        ("${x}", "0x10", 16),
        ("${x}", "null", None),
        ("${x}", "~", None),
        ("${x}", "", None),
        ("${x}", "text", "text"),
        ("${x}", "'8'", "8"),
        ("${x}", '"8"', "8"),
        ("${x}", "[1, a]", [1, "a"]),
        ("${x}", "{a: 1}", {"a": 1}),
        ("${x}", "a # b", "a"),
        ("a: ${x}", "8", "a: 8"),
        ("a: ${x}", "it''s", "a: it's"),
        ("${x}\n", "8", "8\n"),
        ("a\nb: ${x}", '"', 'a\nb: "'),
        ("#${x}", "8", "#8"),
        ("${x} ", "8", "8 "),
        ("$$", "", "$"),
        ("${x:=a b}", "", "a b"),
        ("word " * 40 + "${x}", "end", "word " * 40 + "end"),
        ("${x}${x}", "1", 11),
    ],
)
def test_a_value_becomes_what_the_text_says(written: str, value: str, read: object) -> None:
    assert _substituted({"spec": [written]}, x=value)["spec"] == [read]


def test_keys_and_names_are_replaced_too() -> None:
    body = _substituted({"spec": {"${x}": "${x}"}, "metadata": {"name": "a-${x}"}}, x="key")
    assert body["spec"] == {"key": "key"}
    assert body["metadata"] == {"name": "a-key"}


@pytest.mark.parametrize("place", ["labels", "annotations"])
def test_an_object_may_opt_out_in_these_very_letters(place: str) -> None:
    key = "kustomize.toolkit.fluxcd.io/substitute"
    body = {"metadata": {"name": "x", place: {key: "disabled"}}, "spec": "${x} $$"}
    assert _substituted(body, x="8")["spec"] == "${x} $$"
    body["metadata"] = {"name": "x", place: {key: "Disabled"}}
    assert _substituted(body, x="8")["spec"] == "8 $"


def test_objects_without_dollars_are_left_alone() -> None:
    resource = Resource.from_body({"apiVersion": "v1", "kind": "x", "metadata": {"name": "x"}, "a": 1.5})
    assert substitute_object(resource, {"x": "1"}, strict=True) is resource


def test_messages_name_the_object_and_keep_secrets() -> None:
    with pytest.raises(
        SubstitutionError, match=r"^Thing x: the variable 'y' is not set \(line 5 of its rendered YAML\)"
    ):
        _substituted({"spec": "${y}"})
    with pytest.raises(ManifestError, match=r"^Thing x: after substitution:5:"):
        _substituted({"spec": "${x}"}, x="a: b: c")
    with pytest.raises(ManifestError) as caught:
        _substituted({"stringData": {"a": "${x}"}}, "Secret", x="hunter2: b: c")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(ManifestError, match="kind"):
        _substituted({"kind": "${x}"}, x="")
