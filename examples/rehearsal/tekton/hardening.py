"""What a hardened step has, which is checked here and not enforced: there is no container."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from examples.rehearsal.tekton.task_documents import Step

_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
_EXPECTED: tuple[tuple[tuple[str, ...], object], ...] = (
    (("runAsNonRoot",), True),
    (("allowPrivilegeEscalation",), False),
    (("readOnlyRootFilesystem",), True),
    (("capabilities", "drop"), ["ALL"]),
    (("seccompProfile", "type"), "RuntimeDefault"),
)


def weaknesses(step: Step) -> Iterator[str]:
    """What a step lacks, after stepTemplate and params; each in a few words."""
    for path, expected in _EXPECTED:
        if _at(step.security, path) != expected:
            yield f"securityContext.{'.'.join(path)} is not {expected!r}"
    if not _DIGEST.fullmatch(step.image):
        yield f"the image {step.image or '(none)'} is not pinned by digest"
    secret = ""
    for variable in step.env:
        if variable.source is not None and variable.source[0] == "secretKeyRef":
            secret = variable.name
        elif secret and variable.value:
            # Kubernetes expands $(NAME) of earlier variables in later ones: a value could take the secret's along.
            yield f"the variable {variable.name} comes after the secret {secret}: $({secret}) in it would be replaced"
            return


def _at(value: Mapping[str, Any] | Any, path: tuple[str, ...]) -> object:  # noqa: ANN401 - any JSON
    for name in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value
