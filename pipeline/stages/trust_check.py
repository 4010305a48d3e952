"""Trust check: lay out artifacts that nobody trusted has signed, and see that every door refuses them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.errors import PipelineError, TrustError
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import build_artifact
from pipeline.model.artifact.reference import PinnedReference, Reference
from pipeline.model.artifact.unpacking import ArchiveEntry
from pipeline.model.outcome.trust_check import DoorOutcome, DoorTrial
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Registry, Reporter, Signer, Verifier
from pipeline.stages.copy import copy
from pipeline.stages.fetch import fetch
from pipeline.stages.package import package
from pipeline.stages.pull import pull
from pipeline.stages.sign import sign
from pipeline.stages.trust import TrustPorts
from pipeline.stages.verify_artifact import verify_artifact

Door = Callable[[PinnedReference], object]
"""Takes an artifact as its command would; refuses it by raising :class:`TrustError`."""

UNSIGNED, WRONGLY_SIGNED = "unsigned", "signed by a key made for this check"
_MANIFEST = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: gitless-trust-check-{0}\n  namespace: default\n"
    'data:\n  about: "nobody has signed this, so nothing should accept it: {0}"\n'
)


@dataclass(frozen=True, slots=True)
class Bait:
    """An artifact that must be refused, and which manifests it consists of, those that refer to others first."""

    name: str
    artifact: PinnedReference
    manifests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Drained:
    """A pull that reads everything and keeps nothing."""

    folder: str = ""
    files: int = 0
    size: int = 0
    left_out: tuple[str, ...] = ()


def lay_bait(token: str, registry: Registry, signer: Signer | None, verifier: Verifier, reporter: Reporter) -> Bait:
    """Push an artifact by digest; ``token`` makes it one of its kind, ``signer`` is a stranger, or nobody.

    Raises:
        RegistryError: it could not be pushed.
    """
    artifact = build_artifact(pack([("manifests.yaml", _MANIFEST.format(token).encode())]), revision=f"check@{token}")
    pinned = package(artifact, registry, reporter=reporter).artifact
    if signer is None:
        return Bait(UNSIGNED, pinned, (pinned.digest,))
    signature = sign(pinned, registry, signer, verifier).signature_digest
    return Bait(WRONGLY_SIGNED, pinned, (signature, pinned.digest))


def local_doors(
    open_registry: Callable[[], Registry],
    scrap: Registry,
    ports: TrustPorts,
    policies: Mapping[str, TrustPolicy | None],
    reporter: Reporter,
) -> dict[str, Door]:
    """The commands that take artifacts, each with its policy; ``scrap`` is where a copy would go.

    apply and run refuse in the very place where they get what they may apply, before they ask a cluster anything.
    """

    def whole(artifact: PinnedReference) -> Reference:
        return Reference(artifact.repository, None, artifact.digest)

    def drain(entries: Iterator[ArchiveEntry]) -> _Drained:
        return _Drained(files=sum(1 for _ in entries))

    def policy(door: str) -> TrustPolicy:
        return policies[door] or TrustPolicy()

    doors: dict[str, Door] = {
        "verify": lambda artifact: verify_artifact(whole(artifact), open_registry(), ports, policy("verify")),
        "pull": lambda artifact: pull(
            whole(artifact), open_registry(), drain, trust=ports, policy=policies["pull"], reporter=reporter
        ),
        "copy": lambda artifact: copy(
            artifact, open_registry(), scrap, policy=policies["copy"], trust=ports, reporter=reporter
        ),
        "apply": lambda artifact: fetch(whole(artifact), open_registry(), ports, policy("apply")),
        "run": lambda artifact: fetch(whole(artifact), open_registry(), ports, policy("run")),
    }
    return {name: door for name, door in doors.items() if name in policies}


def try_door(name: str, door: Door, bait: Bait) -> DoorTrial:
    """See whether the door refuses the artifact; whatever else goes wrong proves nothing."""
    outcome, code, message = DoorOutcome.ACCEPTED, "", ""
    try:
        door(bait.artifact)
    except TrustError as error:
        outcome, code, message = DoorOutcome.REFUSED, error.code, error.message
    except PipelineError as error:
        outcome, code, message = DoorOutcome.UNKNOWN, error.code, error.message
    return DoorTrial(
        door=name,
        artifact=bait.name,
        digest_url=bait.artifact.digest_url,
        outcome=outcome,
        code=code,
        message=message,
    )


def clear_away(bait: Bait, registry: Registry, delete: Callable[[str], bool]) -> tuple[str, ...]:
    """Delete what was laid out, by digest, where the registry lets us; returns what is left of it."""
    index = _fallback_index(bait, registry)
    left = [digest for digest in (*index, *bait.manifests) if not delete(digest)]
    return tuple(f"{bait.artifact.repository}@{digest}" for digest in left)


def _fallback_index(bait: Bait, registry: Registry) -> tuple[str, ...]:
    """The index of referrers that stands in for the referrers API."""
    try:
        return (registry.resolve(bait.artifact.digest.replace(":", "-")).digest,)
    except PipelineError:
        return ()
