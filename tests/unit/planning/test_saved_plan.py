from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from importlib import resources
from typing import Any

import pytest

from pipeline.errors import ConfigurationError, PipelineError, RefusedError
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.manifests import ObjectId
from pipeline.model.plan import Action
from pipeline.model.planning.basis import apply_options
from pipeline.model.planning.saved_plan import MAX_PLAN_BYTES, plan_digest, plan_of, read_plan
from tests.unit.apply.worlds import Body, World, trust
from tests.unit.planning.plans import DIGEST, document_of, plan, saved

A = ObjectId("", "ConfigMap", "shop", "a")


def config(name: str, **data: str) -> Body:
    metadata = {"name": name, "namespace": "shop"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


@pytest.fixture
def world() -> World:
    made = World()
    made.apply(config("a", key="1"), config("old", key="1"))
    return made


@pytest.fixture
def document(world: World) -> dict[str, Any]:
    return document_of(plan(world, config("a", key="2"), config("new", key="1")))


def test_what_is_saved_is_read_back(world: World) -> None:
    planned = plan(world, config("a", key="2"), config("new", key="1"))

    found = saved(planned)

    assert found.basis == planned.basis
    assert found.basis is not None
    assert dict(found.basis.live) == dict(planned.live.seen)
    assert {item.object_id.name: item.action for item in found.changes} == {
        "a": Action.CONFIGURE, "new": Action.CREATE, "old": Action.PRUNE
    }  # fmt: skip
    artifact, _ = found.require_appliable()
    assert artifact == trust(digest=DIGEST).reference


def test_the_options_come_back_as_those_of_an_apply(world: World) -> None:
    world.options = ApplyOptions(inventory="shop", namespace="shop", prune=False, recreate=True, force_conflicts=True)

    basis = saved(plan(world, config("a"))).basis

    assert basis is not None
    assert apply_options(basis) == ApplyOptions(
        inventory="shop", namespace="shop", prune=False, recreate=True, force_conflicts=True
    )


def test_the_digest_is_that_of_everything_else(document: dict[str, Any]) -> None:
    assert document["digest"] == plan_digest({key: value for key, value in document.items() if key != "digest"})
    assert plan_digest({**document, "notes": ["x"]}) != document["digest"]


def test_numbers_and_texts_of_all_kinds_survive(world: World) -> None:
    odd = config("a", key="zwölf \u2028 \U0001f600", more='"1e3"')

    document = json.loads(json.dumps(document_of(plan(world, odd)), indent=4))

    assert plan_of(document, "plan.json").digest == document["digest"]


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:  # noqa: ANN401 - any JSON
    """Every place in a document."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from paths(item, (*path, key))


def spoilt(document: dict[str, Any], path: tuple[Any, ...], value: object) -> dict[str, Any]:
    copy = deepcopy(document)
    holder: Any = copy
    for step in path[:-1]:
        holder = holder[step]
    if value is None:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return copy


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, True, [None], {"x": None}])
def test_whatever_is_spoilt_is_refused_as_what_it_is(document: dict[str, Any], value: object) -> None:
    outcomes = set()
    for path in paths(document):
        copy = spoilt(document, path, value)
        if copy == document or path == ("digest",):
            continue
        with pytest.raises((ConfigurationError, RefusedError)):
            plan_of(copy, "plan.json")
        copy["digest"] = plan_digest(copy)
        try:
            plan_of(copy, "plan.json")
        except PipelineError as error:
            outcomes.add(type(error))

    assert outcomes == {ConfigurationError}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"version": 2}, "has format version 2; this gitless knows version 1"),
        ({"version": "1"}, "has format version '1'"),
        ({"version": True}, "has format version True"),
        ({"apiVersion": "gitless.dev/v2"}, "is no saved plan but SavedPlan in gitless.dev/v2; expected SavedPlan in"),
        ({"kind": "DiffResult"}, "is no saved plan but DiffResult"),
        ({"kind": "\x1b[31mred"}, "is no saved plan but red"),
        ({"kind": 7}, "is no saved plan but something else"),
    ],
)
def test_what_is_foreign_or_newer_is_told(document: dict[str, Any], change: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        plan_of({**document, **change}, "plan.json")

    assert told in caught.value.message
    assert "\x1b" not in caught.value.message


def test_a_decision_that_is_not_known_here_is_a_newer_gitless(document: dict[str, Any]) -> None:
    document["basis"]["options"]["deleteEverything"] = True
    document["digest"] = plan_digest(document)

    with pytest.raises(ConfigurationError, match="decides deleteEverything; this gitless knows version 1"):
        plan_of(document, "plan.json")


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a": NaN}', b'{"a": 1, "a": 2}'])
def test_what_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(ConfigurationError, match="is not valid JSON"):
        read_plan(content, "plan.json")


def test_a_lone_surrogate_is_damage(document: dict[str, Any]) -> None:
    document["notes"] = ["\ud800"]

    with pytest.raises(ConfigurationError, match="is damaged"):
        read_plan(json.dumps(document).encode(), "plan.json")


def without_options(document: dict[str, Any]) -> None:
    del document["basis"]["options"]


def odd_option(document: dict[str, Any]) -> None:
    document["basis"]["options"]["prune"] = "yes"


def named_twice(document: dict[str, Any]) -> None:
    document["changes"].append(document["changes"][0])


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (without_options, "it lacks 'options'"),
        (odd_option, "it is no whole plan (neither true nor false)"),
        (named_twice, "it is no whole plan (an object is named twice)"),
    ],
)
def test_damage_is_told(document: dict[str, Any], damage: Callable[[dict[str, Any]], None], told: str) -> None:
    damage(document)
    document["digest"] = plan_digest(document)

    with pytest.raises(ConfigurationError) as caught:
        plan_of(document, "plan.json")

    assert caught.value.message == f"plan.json is damaged: {told}"


def test_what_is_too_large_is_not_read() -> None:
    with pytest.raises(ConfigurationError, match="a plan may have"):
        read_plan(b" " * (MAX_PLAN_BYTES + 1), "plan.json")


def test_secrets_are_in_it_neither_as_values_nor_as_hashes_of_them(world: World) -> None:
    def secret(value: str) -> Body:
        metadata = {"name": "login", "namespace": "shop"}
        return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": {"password": value}}

    world.apply(config("a"), secret("hunter2"))
    planned = plan(world, config("a"), secret("hunter3"))
    text = json.dumps(document_of(planned))

    assert "hunter" not in text
    assert "aHVudGVy" not in text
    hashes = {item.entry.desired_hash for item in planned.live.decisions}
    assert not any(digest in text for digest in hashes)


def test_the_published_schema_says_of_a_diff_what_the_diffs_own_says() -> None:
    folder = resources.files("pipeline.schemas")
    plans, diffs = (
        json.loads(folder.joinpath(f"{name}.v1.json").read_text(encoding="utf-8"))
        for name in ("saved-plan", "diff-result")
    )

    del plans["$defs"]["change"]["properties"]["live"]

    assert plans["$defs"] == diffs["$defs"]
    shared = diffs["properties"].keys() - {"apiVersion", "kind"}
    assert {key: plans["properties"][key] for key in shared} == {key: diffs["properties"][key] for key in shared}
