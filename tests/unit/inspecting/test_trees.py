from __future__ import annotations

from typing import Any

from pipeline.model.flux.tree import MAX_DEPTH, Branches, TreeNode, grow, kustomization_id
from pipeline.model.health import Health, HealthStatus
from pipeline.model.manifests import ObjectId
from pipeline.model.outcome.tree import TreeResult
from pipeline.reports.text.tree import render

ROOT = kustomization_id("flux-system", "root")
APPS = kustomization_id("flux-system", "apps")
WEB = ObjectId("apps", "Deployment", "shop", "web")


def applied(*objects: ObjectId, **spec: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of a spec
    entries = [{"id": item.inventory_id, "v": "v1"} for item in objects]
    return {"spec": spec, "status": {"inventory": {"entries": entries}}}


def text_of(root: TreeNode) -> list[str]:
    return render(TreeResult(cluster="test", root=root), color=False).splitlines()


def test_objects_of_nested_kustomizations_hang_below_them() -> None:
    namespace = ObjectId("", "Namespace", "", "shop")
    branches = Branches({ROOT: applied(ROOT, APPS, namespace), APPS: applied(WEB)})

    assert text_of(grow(ROOT, branches)) == [
        "Kustomization.kustomize.toolkit.fluxcd.io flux-system/root",
        "├── Kustomization.kustomize.toolkit.fluxcd.io flux-system/apps",
        "│   └── Deployment.apps shop/web",
        "└── Namespace shop",
    ]


def test_compact_leaves_only_objects_of_flux() -> None:
    source = ObjectId("source.toolkit.fluxcd.io", "OCIRepository", "flux-system", "apps")
    branches = Branches({ROOT: applied(WEB, source, APPS), APPS: applied(WEB)}, compact=True)

    root = grow(ROOT, branches)

    assert [child.object_id for child in root.children] == [source, APPS]
    assert root.children[1].children == ()


def test_a_cycle_ends_where_it_closes() -> None:
    branches = Branches({ROOT: applied(APPS), APPS: applied(ROOT, WEB)})

    assert text_of(grow(ROOT, branches)) == [
        "Kustomization.kustomize.toolkit.fluxcd.io flux-system/root",
        "└── Kustomization.kustomize.toolkit.fluxcd.io flux-system/apps",
        "    ├── Kustomization.kustomize.toolkit.fluxcd.io flux-system/root  (shown above)",
        "    └── Deployment.apps shop/web",
    ]


def test_many_ways_to_the_same_kustomization_show_it_once() -> None:
    levels = [[kustomization_id("a", f"k{level}-{side}") for side in range(2)] for level in range(20)]
    bodies = {key: applied(*below) for these, below in zip(levels, [*levels[1:], []], strict=True) for key in these}
    root = grow(ROOT, Branches({ROOT: applied(*levels[0]), **bodies}))

    assert len(text_of(root)) < 100


def test_endless_nesting_is_cut_and_says_so() -> None:
    chain = [kustomization_id("a", f"k{number}") for number in range(MAX_DEPTH * 3)]
    bodies = {key: applied(below) for key, below in zip(chain, [*chain[1:], WEB], strict=True)}

    lines = text_of(grow(chain[0], Branches(bodies)))

    assert len(lines) == MAX_DEPTH + 2
    assert lines[-1].endswith("(too deep to be shown)")


def test_missing_and_remote_kustomizations_say_why_nothing_is_below() -> None:
    remote = kustomization_id("flux-system", "remote")
    bodies = {ROOT: applied(APPS, remote), APPS: None, remote: applied(APPS, kubeConfig={"secretRef": {"name": "k"}})}

    missing, elsewhere = grow(ROOT, Branches(bodies)).children

    assert missing.note == "does not exist"
    assert (elsewhere.note, elsewhere.children) == ("in another cluster", (TreeNode(APPS, f"{APPS.group}/v1"),))


def test_health_is_told_with_its_reason_and_without_control_characters() -> None:
    verdicts = {WEB: Health(HealthStatus.FAILED, "Crash", "bad\x1b[2J\nend")}

    root = grow(ROOT, Branches({ROOT: applied(WEB)}, verdicts))

    assert text_of(root)[1] == "└── Deployment.apps shop/web  Failed: Crash, bad\\u001b[2J end"
    assert root.document()["objects"][0]["health"] == {
        "status": "Failed",
        "reason": "Crash",
        "message": "bad\x1b[2J\nend",
    }


def test_names_that_would_draw_on_the_terminal_are_written_out() -> None:
    hostile = ObjectId("", "ConfigMap", "shop", "x\x1b]0;y\x07")

    assert text_of(grow(ROOT, Branches({ROOT: applied(hostile)})))[1] == "└── ConfigMap shop/x\\u001b]0;y\\u0007"
