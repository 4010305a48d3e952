"""Predicates that somebody hands in: read strictly, and kept from saying something about another artifact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.errors import TrustError, UsageError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.documents.strict_json import parse_object
from pipeline.model.planning.saved_plan import KIND, plan_of
from pipeline.model.trust.bundle import MAX_BUNDLE_BYTES
from pipeline.model.trust.predicate_types import PLAN, TEST_RESULT

MAX_PREDICATE_BYTES = MAX_BUNDLE_BYTES * 3 // 4
"""What is larger fits in no bundle, where it is in base64."""

_RESULTS = ("PASSED", "WARNED", "FAILED")


def read_predicate(content: bytes, file: str, predicate_type: str, artifact: PinnedReference) -> Mapping[str, Any]:
    """A predicate from a file's content; a plan and test results must look like what they are said to be.

    Raises:
        UsageError: it is no JSON object, too large, no document of that type, or a plan for something else.
        ConfigurationError: it is a saved plan that is damaged, or of a version that this gitless does not know.
        RefusedError: it is a saved plan that was changed after it was made.
    """
    if len(content) > MAX_PREDICATE_BYTES:
        raise UsageError(f"{file} has {len(content)} bytes; a predicate may have {MAX_PREDICATE_BYTES}")
    try:
        predicate = parse_object(content, file)
    except TrustError as error:
        raise UsageError(error.message, hint="expected the predicate alone, as a JSON object") from None
    if predicate_type == PLAN:
        _check_plan(predicate, file, artifact)
    if predicate_type == TEST_RESULT and predicate.get("result") not in _RESULTS:
        raise UsageError(
            f"{file} is no test result: it lacks a 'result' of {', '.join(_RESULTS)}",
            hint="see the in-toto predicate test-result v0.1",
        )
    return predicate


def _check_plan(predicate: Mapping[str, Any], file: str, artifact: PinnedReference) -> None:
    side = predicate.get("to")
    digest = side.get("digest") if isinstance(side, Mapping) else None
    if predicate.get("kind") == KIND:
        plan_of(predicate, file)
    elif predicate.get("kind") != "DiffResult":
        raise UsageError(f"{file} is no plan", hint="`gitless plan live REFERENCE --save FILE` writes one")
    if digest != artifact.digest:
        told = ascii(digest)[:120] if digest else "no artifact"
        raise UsageError(
            f"{file} is a plan that leads to {told}, not to {artifact.digest}",
            hint=f"review and attest what `gitless plan live {artifact} --save FILE` keeps",
        )
