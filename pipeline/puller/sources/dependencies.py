"""What reconciling sources needs from the rest of the process."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipeline.artifact_cache import ArtifactCache
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.flux.options import PullerOptions
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.trust.notation import NotationAnswer, NotationMaterial, NotationTrust
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import ApiServer, Clock, Environment, Registry, Reporter
from pipeline.puller.sources.private_files import PrivateFiles
from pipeline.stages.trust import TrustPorts

Connect = Callable[[Repository, RegistryOptions, Environment], Registry]
"""Opens a repository; called at every reconciliation, so it should keep what it opened."""
Matching = Callable[[str, Sequence[str]], Sequence[str]]
"""Those of the texts in which the regular expression (Go's) finds something; raises ``ExpressionError``."""


class Notation(Protocol):
    """Verifies Notary Project signatures."""

    def check(self) -> None:
        """Make sure that this can be done here.

        Raises:
            ToolError: it cannot.
        """
        ...

    def verify(self, artifact: PinnedReference, material: NotationMaterial, trust: NotationTrust) -> NotationAnswer:
        """Let the trust policy decide.

        Raises:
            TrustError: it refuses the artifact.
            ToolError: it could not be done.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDependencies:
    """Safe to share among threads.

    Attributes:
        check_policy: raises ``ConfigurationError`` where a key, expression or condition of it makes no sense.
        files: where certificates are put for libraries that read nothing else.
        random: a number from 0 to 1, to spread reconciliations over time.
    """

    api: ApiServer
    cache: ArtifactCache
    options: PullerOptions
    environment: Environment
    reporter: Reporter
    clock: Clock
    connect: Connect
    trust: TrustPorts
    check_policy: Callable[[TrustPolicy], None]
    notation: Notation
    matching: Matching
    files: PrivateFiles
    random: Callable[[], float] = random.random


def source_dependencies(
    api: ApiServer,
    cache: ArtifactCache,
    options: PullerOptions,
    environment: Environment,
    reporter: Reporter,
    *,
    observe: Callable[[str, int, float], None] | None = None,
) -> SourceDependencies:
    """Those of the running process; ``observe`` is told method, status and seconds of every registry request."""
    from pipeline import wiring

    clock = wiring.clock()
    return SourceDependencies(
        api=api,
        cache=cache,
        options=options,
        environment=environment,
        reporter=reporter,
        clock=clock,
        connect=wiring.registry_pool(reporter, clock, environment, observe=observe),
        trust=wiring.trust_ports(environment, reporter, cache_dir=options.cache_dir),
        check_policy=wiring.check_trust_policy,
        notation=wiring.notation_verifier(environment),
        matching=wiring.matching_tags,
        files=PrivateFiles(Path(options.cache_dir) / "private"),
    )
