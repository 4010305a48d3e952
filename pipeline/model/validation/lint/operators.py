"""What operators make of custom resources: known for some, likely by the names for others, and nothing for a few."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from pipeline.model.comparison.merge_keys import is_builtin
from pipeline.model.documents.untyped import items_at, mapping_at, text_at
from pipeline.model.manifests import Resource
from pipeline.model.validation.lint.pods import pod_template_of

_MADE: Final = {
    ("external-secrets.io", "ExternalSecret"): (("spec", "target", "name"), "Secret"),
    ("bitnami.com", "SealedSecret"): (("spec", "template", "metadata", "name"), "Secret"),
    ("isindir.github.com", "SopsSecret"): (("metadata", "name"), "Secret"),
    ("cert-manager.io", "Certificate"): (("spec", "secretName"), "Secret"),
    ("secrets.hashicorp.com", "VaultStaticSecret"): (("spec", "destination", "name"), "Secret"),
    ("secrets.hashicorp.com", "VaultDynamicSecret"): (("spec", "destination", "name"), "Secret"),
    ("secrets.hashicorp.com", "VaultPKISecret"): (("spec", "destination", "name"), "Secret"),
}
"""Objects from which operators make others: where the name stands (else it is the object's), and of which kind."""

_MAKE_NOTHING_ELSE: Final = frozenset(
    {
        "acme.cert-manager.io",
        "autoscaling.k8s.io",
        "bitnami.com",
        "cert-manager.io",
        "cilium.io",
        "crd.projectcalico.org",
        "external-secrets.io",
        "image.toolkit.fluxcd.io",
        "isindir.github.com",
        "kyverno.io",
        "networking.istio.io",
        "notification.toolkit.fluxcd.io",
        "policy.linkerd.io",
        "secrets-store.csi.x-k8s.io",
        "secrets.hashicorp.com",
        "security.istio.io",
        "snapshot.storage.k8s.io",
        "source.toolkit.fluxcd.io",
        "telemetry.istio.io",
        "traefik.containo.us",
        "traefik.io",
        "trust.cert-manager.io",
    }
)
"""Groups whose objects lead to no Pods, and to nothing that is not known."""
_KINDS_THAT_MAKE: Final = {
    "gateway.networking.k8s.io": frozenset({"Gateway"}),
    "keda.sh": frozenset({"ScaledJob"}),
    "monitoring.coreos.com": frozenset({"Alertmanager", "Prometheus", "PrometheusAgent", "ThanosRuler"}),
}
"""Groups of which only these kinds make anything."""


@dataclass(frozen=True, slots=True)
class Operated:
    """What may come of the custom resources among the manifests.

    Attributes:
        made: what is certain to be made, as kind, namespace and name; ``*`` is every namespace.
        makers: namespace and name of those of which nobody knows what is made; who says what its Pods are is none.
        named: namespace and every text in what custom resources say beyond that, with their own names: what they make
            or need often has its name there.
    """

    made: frozenset[tuple[str, str, str]]
    makers: frozenset[tuple[str, str]]
    named: frozenset[tuple[str, str]]

    def may_make(self, namespace: str, name: str) -> bool:
        """Whether a maker there begins the name (``db`` in ``db-credentials``), or a custom resource has or says it."""
        parts = name.split("-")
        begins = ("-".join(parts[:count]) for count in range(1, len(parts) + 1))
        return (namespace, name) in self.named or any((namespace, begin) in self.makers for begin in begins)


def operated_in(manifests: Iterable[Resource]) -> Operated:
    """Look through the manifests for everything of which something else is made."""
    made: set[tuple[str, str, str]] = set()
    makers: set[tuple[str, str]] = set()
    named: set[tuple[str, str]] = set()
    for resource in manifests:
        made.update(_made(resource))
        if _is_maker(resource):
            namespace, name = resource.id.namespace, resource.id.name
            said = dict(mapping_at(resource.body, "spec"))
            if pod_template_of(resource) is None:
                makers.add((namespace, name))
            else:
                del said["template"]
            named.update((namespace, text) for text in (name, *_texts(said)))
    return Operated(frozenset(made), frozenset(makers), frozenset(named))


def _is_maker(resource: Resource) -> bool:
    group, kind = resource.id.group, resource.id.kind
    if is_builtin(resource.api_version) or group in _MAKE_NOTHING_ELSE:
        return False
    return kind in _KINDS_THAT_MAKE.get(group, {kind})


def _made(resource: Resource) -> Iterator[tuple[str, str, str]]:
    namespace, name, body = resource.id.namespace, resource.id.name, resource.body
    match (resource.id.group, resource.id.kind):
        case key if key in _MADE:
            place, kind = _MADE[key]
            yield kind, namespace, text_at(body, *place) or name
        case ("secrets-store.csi.x-k8s.io", "SecretProviderClass"):
            for _, item in items_at(body, "spec", "secretObjects"):
                yield "Secret", namespace, text_at(item, "secretName")
        case ("trust.cert-manager.io", "Bundle"):
            yield "ConfigMap", "*", name
        case (_, "Ingress") if _has_certificates_made(resource):
            for _, tls in items_at(body, "spec", "tls"):
                yield "Secret", namespace, text_at(tls, "secretName")
        case ("apps", "StatefulSet"):
            yield from _claims(resource)


def _has_certificates_made(ingress: Resource) -> bool:
    annotations = mapping_at(ingress.body, "metadata", "annotations")
    return any(key.startswith(("cert-manager.io/", "kubernetes.io/tls-acme")) for key in annotations)


def _claims(resource: Resource) -> Iterator[tuple[str, str, str]]:
    """The claims of a StatefulSet's Pods, as far as it has replicas."""
    replicas = mapping_at(resource.body, "spec").get("replicas", 1)
    for _, template in items_at(resource.body, "spec", "volumeClaimTemplates"):
        for number in range(min(replicas, 1000) if isinstance(replicas, int) else 1):
            claim = f"{text_at(template, 'metadata', 'name')}-{resource.id.name}-{number}"
            yield "PersistentVolumeClaim", resource.id.namespace, claim


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
