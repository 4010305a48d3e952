"""Deletions that guards keep from happening, until they are overridden by name."""

from __future__ import annotations

import pytest

from tests.e2e.chain.conftest import Document, Project

pytestmark = [pytest.mark.cluster, pytest.mark.registry]

REFUSED = 9
NAMES = ("a", "b", "c", "d")


def written(project: Project, *names: str, more: tuple[Document, ...] = ()) -> None:
    project.write(*(project.settings(name) for name in names), *more)


def test_half_of_the_objects_are_refused_by_diff_and_apply_until_that_is_overridden(project: Project) -> None:
    written(project, *NAMES)
    project.run()
    written(project, "a", "b")
    half = project.publish()

    refused = project.apply(half)
    assert refused.code == REFUSED, refused
    assert "2 of 4 objects (50%) would be deleted; at most 40% may be" in refused.err
    assert "--override max-prune" in refused.err
    shown = project.gitless("diff", "live", half, *project.place)
    assert shown.code == REFUSED, shown
    assert "Applying this would be refused" in shown.out
    chain = project.gitless("run", "--target", "staging")
    assert chain.code == REFUSED, chain
    assert len(project.objects()) == len(NAMES)

    allowed = project.apply(half, "--override", "max-prune", "-o", "json")
    assert allowed.code == 0, allowed
    assert allowed.document["overridden"] == ["max-prune: 2 of 4 objects (50%) would be deleted; at most 40% may be"]
    assert project.inventory()["overridden"] == allowed.document["overridden"]
    assert set(project.objects()) == {"ConfigMap/a", "ConfigMap/b"}


def test_a_claim_is_not_deleted_unless_it_is_named(project: Project) -> None:
    claim: Document = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data", "namespace": project.name},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }
    written(project, *NAMES, more=(claim,))
    assert project.apply(project.publish()).code == 0
    written(project, *NAMES)
    without = project.publish()

    refused = project.apply(without)
    assert refused.code == REFUSED, refused
    named = f"protected:PersistentVolumeClaim {project.name}/data"
    assert f"--override '{named}'" in refused.err
    assert project.apply(without, "--override", "protected:PersistentVolumeClaim other/data").code == REFUSED
    assert "data" in project.kubectl("get", "persistentvolumeclaims")

    assert project.apply(without, "--override", named).code == 0


def test_the_settings_say_how_much_may_be_deleted(project: Project) -> None:
    written(project, *NAMES)
    project.run()
    written(project, "a")
    with (project.folder / "gitless.yaml").open("a") as settings:
        settings.write("guards:\n  maxPrune: 75%\n")

    project.run()

    assert set(project.objects()) == {"ConfigMap/a"}
