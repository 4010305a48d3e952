from __future__ import annotations

import pytest

from pipeline.gates.lint import LintGate
from pipeline.model.manifests import ObjectId
from tests.unit.validation.lint_example import container_of, spoiled
from tests.unit.validation.spoiling import Spoil, changed_from_before, found_in, gone, spec, top

IMMUTABLE: list[tuple[Spoil, str]] = [
    (spec("Deployment/web", selector={"matchLabels": {"tier": "front"}}), "spec.selector"),
    (spec("StatefulSet/queue", podManagementPolicy="Parallel"), "spec.podManagementPolicy"),
    (spec("StatefulSet/queue", selector={"matchExpressions": [{"key": "app", "operator": "Exists"}]}), "spec.selector"),
    (spec("StatefulSet/queue", volumeClaimTemplates=[]), "spec.volumeClaimTemplates"),
    (lambda of: of["StatefulSet/queue"]["spec"].pop("volumeClaimTemplates"), "spec.volumeClaimTemplates"),
    (lambda of: container_of(of, "Job/migrate").update(args=["up"]), "spec.template"),
    (spec("Job/migrate", completionMode="Indexed"), "spec.completionMode"),
    (spec("Job/migrate", completions=3), "spec.completions"),
    (spec("Service/queue", clusterIP="10.0.0.1"), "spec.clusterIP"),
    (spec("Service/web", clusterIP="None"), "spec.clusterIP"),
    (spec("PersistentVolumeClaim/files", storageClassName="slow"), "spec.storageClassName"),
    (
        spec("PersistentVolumeClaim/files", resources={"requests": {"storage": "512Mi"}}),
        "spec.resources.requests.storage",
    ),
    (spec("PersistentVolumeClaim/files", accessModes=["ReadWriteMany"]), "spec.accessModes"),
    (top("StorageClass/fast", parameters={"type": "hdd"}), "parameters"),
    (top("StorageClass/fast", reclaimPolicy="Retain"), "reclaimPolicy"),
    (
        top(
            "RoleBinding/shop", roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
        ),
        "roleRef",
    ),
    (top("Secret/registry", type="shop.example/other"), "type"),
]


@pytest.mark.parametrize(("spoil", "path"), IMMUTABLE)
def test_a_change_that_the_api_server_refuses_is_found_by_that_rule_and_no_other(spoil: Spoil, path: str) -> None:
    (finding,) = changed_from_before(spoil)

    assert (finding.rule, finding.path) == ("immutable-field", path)
    assert finding.is_error
    assert found_in(spoil) == ()


ACCEPTED: list[Spoil] = [
    spec("Deployment/web", replicas=3),
    spec("StatefulSet/queue", replicas=3, podManagementPolicy="OrderedReady"),
    spec("Job/migrate", suspend=True, backoffLimit=1, parallelism=2, completionMode="NonIndexed"),
    lambda of: container_of(of, "CronJob/tidy").update(args=["up"]),
    lambda of: of["Service/queue"]["spec"].pop("clusterIP"),
    spec("PersistentVolumeClaim/files", resources={"requests": {"storage": "1024Mi"}}, volumeMode="Filesystem"),
    top("StorageClass/fast", allowVolumeExpansion=True, reclaimPolicy="Delete"),
    top("RoleBinding/shop", subjects=[{"kind": "Group", "name": "x"}]),
    top("ConfigMap/settings", data={"color": "blue"}),
    gone("StorageClass/fast"),
]
UNKNOWN: list[Spoil] = [
    # Whether these go well depends on what the cluster has given the object, and on its provisioner.
    spec("Service/web", clusterIP="10.0.0.1"),
    spec("PersistentVolumeClaim/files", resources={"requests": {"storage": "2Gi"}}),
    spec("PersistentVolumeClaim/files", volumeAttributesClassName="gold"),
    # These are recreated, or not applied at all.
    lambda of: (
        of["Job/migrate"]["metadata"].update(annotations={"kustomize.toolkit.fluxcd.io/force": "Enabled"}),
        container_of(of, "Job/migrate").update(args=["up"]),
    ),
    lambda of: (
        of["Job/migrate"]["metadata"].update(annotations={"kustomize.toolkit.fluxcd.io/reconcile": "disabled"}),
        container_of(of, "Job/migrate").update(args=["up"]),
    ),
]


@pytest.mark.parametrize("spoil", [*ACCEPTED, *UNKNOWN])
def test_a_change_that_the_api_server_accepts_is_no_finding(spoil: Spoil) -> None:
    assert changed_from_before(spoil) == ()


def test_an_immutable_config_map_does_not_change_and_its_values_are_not_told() -> None:
    def fixed(color: str, *, immutable: bool = True) -> Spoil:
        return top("ConfigMap/settings", immutable=immutable, data={"color": color})

    before = spoiled(fixed("crimson"))
    same, other = (LintGate().check(spoiled(fixed(color)), before).findings for color in ("crimson", "azure"))
    freed = LintGate().check(spoiled(fixed("crimson", immutable=False)), before).findings

    assert same == ()
    assert [(item.rule, item.path) for item in other] == [("immutable-field", "data")]
    assert not {"crimson", "azure"} & set(other[0].message.split())
    assert [item.path for item in freed] == ["immutable"]


def test_what_changes_is_told_where_it_is_short() -> None:
    (finding,) = changed_from_before(spec("StatefulSet/queue", podManagementPolicy="Parallel"))

    assert finding.message == 'spec.podManagementPolicy cannot be changed from null to "Parallel"'
    assert finding.object_id == ObjectId("apps", "StatefulSet", "shop", "queue")


def test_an_immutable_secret_does_not_change_unless_nobody_can_tell() -> None:
    def secret(value: str, **more: object) -> Spoil:
        return top("Secret/registry", immutable=True, data={"password": value}, **more)

    plain = LintGate().check(spoiled(secret("Yg==", sops=None)), spoiled(secret("YQ==", sops=None))).findings
    encrypted = LintGate().check(spoiled(secret("ENC[b]")), spoiled(secret("ENC[a]"))).findings

    assert [(item.path, item.message) for item in plain if item.rule == "immutable-field"] == [
        ("data", "data cannot be changed: data.password is another one than before")
    ]
    assert encrypted == ()


@pytest.mark.parametrize(
    ("before", "after", "is_refused"),
    [
        (["IPv4"], ["IPv6"], True),
        (["IPv4", "IPv6"], ["IPv6", "IPv4"], True),
        (["IPv4"], ["IPv4", "IPv6"], False),
        (["IPv4", "IPv6"], ["IPv4"], False),
        (["IPv4"], None, False),
        (None, ["IPv6"], False),
    ],
)
def test_the_first_family_of_addresses_stays(
    before: list[str] | None,
    after: list[str] | None,
    is_refused: bool,  # noqa: FBT001 - a table's column
) -> None:
    sides = (spoiled(spec("Service/web", **({"ipFamilies": side} if side else {}))) for side in (before, after))
    previous, current = sides

    found = LintGate().check(current, previous).findings

    assert [item.rule for item in found] == ["immutable-field"] * is_refused
