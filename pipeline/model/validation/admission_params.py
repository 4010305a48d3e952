"""Which objects a binding hands to its policy as ``params``.

Source: Kubernetes documentation, "Validating Admission Policy" (parameter resources); k8s.io/apiserver
``pkg/admission/plugin/policy/generic`` (``CollectParams``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.model.manifests import Body, Resource
from pipeline.model.validation.admission import Binding, Policy
from pipeline.model.validation.admission_request import CLUSTER_WIDE, Request
from pipeline.model.validation.definitions import Definition


@dataclass(frozen=True, slots=True)
class Params:
    """What was found: each is evaluated by itself, ``None`` without params; ``problem`` is told by failurePolicy."""

    found: tuple[Body | None, ...] = ()
    problem: str = ""
    is_missing: bool = False


class ParamObjects:
    """All objects that may be params, by group and kind."""

    def __init__(self, resources: Iterable[Resource], definitions: Mapping[tuple[str, str], Definition]) -> None:
        self._definitions = definitions
        self._by_kind: dict[tuple[str, str], list[Resource]] = {}
        seen = set()
        for resource in resources:
            if resource.id not in seen:
                seen.add(resource.id)
                self._by_kind.setdefault((resource.id.group, resource.id.kind), []).append(resource)

    def params_for(self, policy: Policy, binding: Binding, request: Request) -> Params:
        """The params with which the policy is evaluated."""
        if policy.param_kind is None or not binding.has_param:
            return Params((None,))
        is_namespaced = self._is_namespaced(policy.param_kind)
        namespace = binding.param_namespace or request.namespace
        if is_namespaced and not namespace:
            return Params(
                problem="cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
            )
        if not is_namespaced and binding.param_namespace:
            return Params(problem="paramRef.namespace must not be provided for a cluster-scoped paramKind")
        found = _chosen(self._by_kind.get(policy.param_kind, ()), binding, namespace if is_namespaced else "")
        if found:
            return Params(tuple(each.body for each in found))
        if binding.allows_missing_param:
            return Params(is_missing=True)
        return Params(problem="no params found for policy binding with `Deny` parameterNotFoundAction", is_missing=True)

    def _is_namespaced(self, kind: tuple[str, str]) -> bool:
        definition = self._definitions.get(kind)
        if definition is not None:
            return definition.is_namespaced
        if kind in CLUSTER_WIDE:
            return False
        # A kind whose definition is not at hand: as its objects are written.
        objects = self._by_kind.get(kind, ())
        return "." not in kind[0] or not objects or any(each.id.namespace for each in objects)


def _chosen(objects: Sequence[Resource], binding: Binding, namespace: str) -> list[Resource]:
    here = [each for each in objects if not namespace or each.id.namespace in ("", namespace)]
    if binding.param_name:
        return [each for each in here if each.id.name == binding.param_name]
    if binding.param_selector is None:
        return []
    return [each for each in here if binding.param_selector.matches(_labels(each.body))]


def _labels(body: Body) -> Mapping[str, str]:
    labels = (body.get("metadata") or {}).get("labels") or {}
    return {str(key): str(value) for key, value in labels.items()}
