from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import UsageError
from pipeline.model.cluster import ResourceType
from pipeline.model.flux.api import KUSTOMIZATIONS, OCI_REPOSITORIES
from pipeline.model.flux.selecting import parse_status_selector
from pipeline.model.flux.views import AnyView, Key, view, view_kustomization, view_source
from pipeline.model.outcome.get import GetResult
from pipeline.reports import render_result
from pipeline.reports.text.get import age
from tests.unit.flux_commands.objects import (
    OURS,
    condition,
    failed,
    kustomization,
    kustomization_view,
    source,
    source_view,
)

NOW = 1_767_232_800.0  # 2026-01-01T02:00:00Z
CREATED = {"creationTimestamp": "2026-01-01T00:00:00Z"}
DRIFT = "configure Deployment.apps shop/web: spec.replicas (kubectl-scale)\nconfigure ConfigMap shop/settings: data.key"


def shown(*objects: AnyView, output: str = "text", **how: Any) -> str:  # noqa: ANN401 - fields of the result
    return render_result(GetResult(objects=objects, now=NOW, **how), output)


def test_the_columns_are_those_of_flux() -> None:
    assert shown(source_view(), kustomization_view(conditions=failed("BuildFailed", "no such file"))) == (
        "NAME  REVISION              SUSPENDED  READY  MESSAGE\n"
        "shop  main@sha256:aaaaaaaa  False      True   stored artifact\n"
        "\n"
        "NAME  REVISION              SUSPENDED  READY  MESSAGE\n"
        "shop  main@sha256:aaaaaaaa  False      False  no such file\n"
    )


def test_namespace_kind_and_source_are_shown_where_asked_for() -> None:
    text = shown(
        source_view(), kustomization_view(), with_namespace=True, with_kind=True, with_source=True, with_header=False
    )

    assert [line.split()[:3] for line in text.splitlines() if line] == [
        ["apps", "ocirepository/shop", "main@sha256:aaaaaaaa"],
        ["apps", "kustomization/shop", "OCIRepository/apps/shop"],
    ]


def test_what_was_never_reconciled_is_not_ready_as_flux_has_it() -> None:
    fresh = kustomization_view("", conditions=[], status={"observedGeneration": -1})

    assert shown(fresh).splitlines()[1].split(maxsplit=4) == ["shop", "-", "False", "False", "waiting to be reconciled"]


def test_wide_shows_places_digests_ages_and_requests() -> None:
    text = shown(
        source_view(metadata=CREATED),
        kustomization_view(metadata=CREATED, spec={"path": "./deploy"}, status={"lastHandledReconcileAt": "then"}),
        output="wide",
    )
    of_source, of_kustomization = (text.splitlines()[index] for index in (1, 4))

    assert "oci://registry.example/acme/shop  tag main" in of_source
    assert f"{OURS}  2h" in of_source
    assert "OCIRepository/apps/shop  ./deploy" in of_kustomization
    assert f"{OURS}  2h   then          corrected" in of_kustomization


def test_wide_shows_what_drifted() -> None:
    reporting = {"annotations": {"gitless.dev/drift": "report"}}
    drifted = [condition("Ready", "True"), condition("Drifted", "True", "DriftDetected", DRIFT)]
    text = shown(
        kustomization_view(metadata=reporting, conditions=drifted),
        kustomization_view(metadata=reporting, name="calm"),
        output="wide",
    )

    assert "2 drifted" in text.splitlines()[1]
    assert "none" in text.splitlines()[2]
    assert text.endswith(
        "\nDrift of apps/shop:\n"
        "  configure Deployment.apps shop/web: spec.replicas (kubectl-scale)\n"
        "  configure ConfigMap shop/settings: data.key\n"
    )


def test_drift_that_is_only_counted_counts() -> None:
    much = [condition("Drifted", "True", "DriftDetected", f"{DRIFT}\nand 40 more")]

    assert "42 drifted" in shown(kustomization_view(conditions=much), output="wide")


def test_json_holds_everything_and_yaml_the_same() -> None:
    import yaml

    drifted = [condition("Ready", "True", "ReconciliationSucceeded", "done"), condition("Drifted", "True", "", DRIFT)]
    item = kustomization_view(conditions=drifted, metadata={"annotations": {"gitless.dev/drift": "report"}})
    document = GetResult(objects=(source_view(), item), now=NOW).document()
    of_source, of_kustomization = document["objects"]

    assert (document["kind"], of_source["kind"], of_source["digest"]) == ("GetResult", "OCIRepository", OURS)
    assert of_source["selects"] == "tag main"
    assert of_kustomization["drift"] == {"mode": "report", "objects": DRIFT.splitlines()}
    assert of_kustomization["ready"] == "True"
    assert [entry["type"] for entry in of_kustomization["conditions"]] == ["Ready", "Drifted"]
    assert yaml.safe_load(shown(source_view(), item, output="yaml")) == document


def test_what_others_wrote_cannot_draw_on_the_terminal() -> None:
    text = shown(kustomization_view(conditions=[condition("Ready", "False", "x", "red \x1b[31m\nnext\r" + "x" * 9000)]))

    assert "\x1b" not in text
    assert text.count("\n") == 2
    assert len(text) < 700


def test_rows_shown_later_keep_the_columns_of_the_first() -> None:
    first = kustomization_view(name="a-rather-long-name")
    later = shown(kustomization_view(), alongside=(first,), with_header=False)

    assert later.index("main@") == shown(first).splitlines()[1].index("main@")


def test_nothing_is_an_empty_text() -> None:
    assert shown() == ""


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-5, "0s"), (1, "1s"), (100, "100s"), (120, "2m"), (7199, "119m"), (7200, "2h"), (172800, "2d"), (1e7, "115d")],
)
def test_ages_are_short(seconds: float, expected: str) -> None:
    assert age(seconds) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ready=false", ["broken"]),
        ("Ready!=True", ["broken", "new"]),
        ("ready=unknown", []),
        ("healthy=true", []),
        ("reconciling=TRUE", ["broken"]),
    ],
)
def test_objects_are_selected_by_a_condition(text: str, expected: list[str]) -> None:
    items = [
        kustomization_view(name="fine"),
        kustomization_view(name="broken", conditions=failed("BuildFailed")),
        kustomization_view(name="new", conditions=[]),
    ]
    selector = parse_status_selector(text)

    assert [item.key.name for item in items if selector.selects(item)] == expected


@pytest.mark.parametrize("text", ["ready", "ready=", "=true", "ready=maybe", ""])
def test_a_selector_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="such as ready=false"):
        parse_status_selector(text)


BAD: list[dict[str, Any]] = [
    {"metadata": {"name": "bad", "namespace": "apps"}},
    {"metadata": {"name": "bad", "namespace": "apps", "generation": "1"}, "spec": None, "status": None},
    {"metadata": {"name": "bad", "namespace": "apps", "annotations": []}, "spec": [], "status": "x"},
    {
        "metadata": {"name": "bad", "namespace": "apps"},
        "spec": {"url": 1, "ref": "x", "sourceRef": [], "suspend": "yes"},
        "status": {"artifact": [], "conditions": {"type": "Ready"}, "lastAppliedRevision": 5},
    },
    {"metadata": {"name": "bad", "namespace": "apps"}, "status": {"conditions": [None, "x", {"type": "Ready"}]}},
]


@pytest.mark.parametrize("body", BAD)
@pytest.mark.parametrize("kind", [OCI_REPOSITORIES, KUSTOMIZATIONS])
def test_objects_that_make_no_sense_are_shown_all_the_same(kind: ResourceType, body: dict[str, Any]) -> None:
    item = view(kind, body)

    assert item.key == Key("apps", "bad")
    assert "bad" in shown(item, output="wide")
    assert shown(item, output="json")


def test_the_namespace_of_a_source_is_that_of_the_kustomization_unless_named() -> None:
    elsewhere = kustomization(spec={"sourceRef": {"kind": "OCIRepository", "name": "shop", "namespace": "infra"}})

    assert view_kustomization(kustomization()).source == Key("apps", "shop")
    assert view_kustomization(elsewhere).source == Key("infra", "shop")
    assert view_source(source(spec={"url": "https://example"})).repository is None
