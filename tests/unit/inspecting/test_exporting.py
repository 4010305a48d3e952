from __future__ import annotations

from pipeline.model.flux.exporting import credentials_of, exported
from pipeline.model.outcome.export import ExportResult

LIVE = {
    "apiVersion": "source.toolkit.fluxcd.io/v1",
    "kind": "OCIRepository",
    "metadata": {
        "name": "apps",
        "namespace": "shop",
        "uid": "u",
        "resourceVersion": "7",
        "generation": 2,
        "creationTimestamp": "2026-11-25T18:00:00Z",
        "finalizers": ["finalizers.fluxcd.io"],
        "managedFields": [{"manager": "kubectl"}],
        "ownerReferences": [],
        "labels": {"team": "a"},
        "annotations": {
            "note": "kept",
            "reconcile.fluxcd.io/requestedAt": "1",
            "kubectl.kubernetes.io/last-applied-configuration": "{}",
        },
    },
    "spec": {
        "url": "oci://registry.test/apps",
        "secretRef": {"name": "login"},
        "certSecretRef": {"name": "tls"},
        "proxySecretRef": {"name": "login"},
        "verify": {"provider": "cosign", "secretRef": {"name": "public-keys"}},
    },
    "status": {"observedGeneration": 2},
}


def test_only_what_was_asked_for_is_kept() -> None:
    assert exported(LIVE) == {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {"name": "apps", "namespace": "shop", "labels": {"team": "a"}, "annotations": {"note": "kept"}},
        "spec": LIVE["spec"],
    }


def test_an_object_without_labels_gets_none() -> None:
    body = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "data": {"k": "dg=="}}

    assert exported(body) == body


def test_credentials_are_named_once_and_public_keys_are_none() -> None:
    assert credentials_of(LIVE) == ("login", "tls")
    assert credentials_of({"spec": {"secretRef": None, "certSecretRef": {}}}) == ()


def test_the_stream_divides_documents_and_its_repr_hides_them() -> None:
    result = ExportResult(objects=({"apiVersion": "v1", "kind": "A"}, {"apiVersion": "v1", "kind": "B"}))

    assert result.content == b"---\napiVersion: v1\nkind: A\n---\napiVersion: v1\nkind: B\n"
    assert "apiVersion" not in repr(result)
