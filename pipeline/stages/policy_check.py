"""Compile what a policy says before anything is decided by it: a condition with a typing error must not wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pipeline.errors import ConfigurationError, ExpressionError
from pipeline.model.trust.policy import AllOf, AnyOf, Attested, Provenance, Requirement, TrustPolicy
from pipeline.ports import Expressions
from pipeline.stages.attestation_decisions import VARIABLES


def check_expressions(policy: TrustPolicy, expressions: Callable[[], Expressions]) -> None:
    """Compile every condition and regular expression; ``expressions`` is only called where there is one.

    Raises:
        ConfigurationError: one of them is wrong; the message has it, and the rule's name.
    """
    conditions = [(rule.name, text) for rule in policy.rules for text in _conditions(rule.requirement)]
    patterns = list(dict.fromkeys(_patterns(policy)))
    if not conditions and not patterns:
        return
    compiler, where = expressions(), policy.source or "the trust policy"
    for name, text in conditions:
        try:
            compiler.check(text, VARIABLES)
        except ExpressionError as error:
            raise ConfigurationError(
                f"{where}: rule '{name}': `{text}`: {error.message}",
                hint=error.hint or f"a condition speaks of {', '.join(VARIABLES)}",
            ) from None
    for pattern in patterns:
        try:
            compiler.finds(pattern, "")
        except ExpressionError as error:
            raise ConfigurationError(f"{where}: {error.message}", hint=error.hint) from None


def _conditions(requirement: Requirement) -> Iterator[str]:
    if isinstance(requirement, AllOf | AnyOf):
        for part in requirement.parts:
            yield from _conditions(part)
    elif isinstance(requirement, Attested | Provenance):
        yield from requirement.conditions


def _patterns(policy: TrustPolicy) -> Iterator[str]:
    for identity in policy.every_signer.identities:
        yield from filter(None, (identity.subject_regexp, identity.issuer_regexp))
    for rule in policy.rules:
        yield from _builders(rule.requirement)


def _builders(requirement: Requirement) -> Iterator[str]:
    if isinstance(requirement, AllOf | AnyOf):
        for part in requirement.parts:
            yield from _builders(part)
    elif isinstance(requirement, Provenance) and requirement.builder_regexp:
        yield requirement.builder_regexp
