"""Which trust policies an OCIRepository is held to beside its own ``spec.verify``, and where they are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.errors import ConfigurationError
from pipeline.model.flux.api import TRUST_POLICY_ANNOTATION
from pipeline.model.manifests import Body

POLICY_KEY = "policy.yaml"
"""Key of the ConfigMap that has the policy; its other keys are files that the policy may name."""

_LONGEST_NAME = 253
# RFC 1123: a subdomain for the ConfigMap, a label for the namespace.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True, order=True)
class PolicyReference:
    """A ConfigMap with a trust policy."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def read_policy_reference(text: str, namespace: str) -> PolicyReference:
    """Read ``NAMESPACE/NAME``, or a name in the namespace at hand.

    Raises:
        ConfigurationError: it is neither.
    """
    found, slash, name = text.rpartition("/")
    where = found if slash else namespace
    if _NAMESPACE.fullmatch(where) and _is_name(name):
        return PolicyReference(where, name)
    raise ConfigurationError(f"trust policy {ascii(text)[:120]} names no ConfigMap; expected NAMESPACE/NAME")


def governing_policies(body: Body, floor: PolicyReference | None) -> tuple[PolicyReference, ...]:
    """The policy that every source is held to, and the one that this source's annotation names.

    Raises:
        ConfigurationError: the annotation names nothing that can be a ConfigMap.
    """
    found = [floor] if floor is not None else []
    metadata = body["metadata"]
    name = (metadata.get("annotations") or {}).get(TRUST_POLICY_ANNOTATION)
    if name is not None:
        if not _is_name(str(name)):
            raise ConfigurationError(
                f"the annotation {TRUST_POLICY_ANNOTATION} is {ascii(name)[:120]}; "
                "expected the name of a ConfigMap in the namespace of the OCIRepository"
            )
        found.append(PolicyReference(str(metadata.get("namespace") or ""), str(name)))
    return tuple(dict.fromkeys(found))


def _is_name(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and _NAME.fullmatch(text) is not None
