"""Publications into a registry in memory that can break at any one of its writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.errors import RegistryError
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.flux import Artifact, build_artifact
from pipeline.model.artifact.manifest import Blob, Descriptor
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.outcome.publication import PublishInterruptedError
from pipeline.model.trust.evidence import SignatureFormat
from pipeline.model.trust.policy import TrustPolicy, UnsafeSkipVerification
from pipeline.model.trust.predicate_types import CYCLONEDX, SLSA_PROVENANCE_V1
from pipeline.ports import Registry
from pipeline.signers.cosign import CosignVerifier
from pipeline.stages.predicates import Predicate
from pipeline.stages.publish import Publishing, PublishOptions, PublishPorts, Step
from pipeline.stages.signatures import judge_signatures
from pipeline.stages.tag_claim import tags_now
from pipeline.testing.clock import MemoryClock
from pipeline.testing.registry import MemoryRegistry, MemoryStore
from tests.trusting import trusting
from tests.unit.apply.worlds import Listener
from tests.unit.sign.support import policy, signer

HOME = Repository("memory.test", "shop")
TAGS = ("latest", "1.0")
MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n  namespace: shop\ndata:\n  text: {}\n"


class BreakingRegistry(MemoryRegistry):
    """Fails at the write of that number, from 1: before it has any effect, or after (the answer is lost)."""

    def __init__(self, store: MemoryStore, *, at: int = 0, after: bool = False) -> None:
        super().__init__(HOME, store)
        self._at = at
        self._after = after
        self.writes = 0
        self.before_tag: Callable[[str], None] = lambda _tag: None
        self.after_tag: Callable[[str], None] = lambda _tag: None

    def write_blob(self, descriptor: Descriptor, content: Callable[[], Iterable[bytes]]) -> bool:
        self._break(after=False)
        sent = super().write_blob(descriptor, content)
        self._break(after=True)
        return sent

    def write_manifest(self, manifest: Blob, tag: str | None = None) -> Descriptor:
        self._break(after=False)
        if tag is not None:
            self.before_tag(tag)
        written = super().write_manifest(manifest, tag)
        if tag is not None:
            self.after_tag(tag)
        self._break(after=True)
        return written

    def _break(self, *, after: bool) -> None:
        if not after:
            self.writes += 1
        if self.writes == self._at and after is self._after:
            raise RegistryError(f"write {self._at} fails")


@dataclass
class World:
    """A repository in which an older artifact has the tags, and what is published into it."""

    store: MemoryStore = field(default_factory=MemoryStore)
    signature_format: SignatureFormat = SignatureFormat.BUNDLE
    reporter: Listener = field(default_factory=Listener)
    attempt: int = 0

    def registry(self) -> MemoryRegistry:
        return MemoryRegistry(HOME, self.store)

    def tags(self) -> dict[str, str]:
        """What our tags point at."""
        held = self.store.tags.get(HOME, {})
        return {tag: held[tag] for tag in TAGS if tag in held}

    def put(self, text: str, *tags: str) -> str:
        """Somebody else publishes, without any ado; returns the digest."""
        artifact = make(text)
        registry = self.registry()
        for blob in (artifact.config, artifact.layer):
            registry.write_blob(blob.descriptor, lambda content=blob.content: (content,))  # type: ignore[misc]
        registry.write_manifest(artifact.manifest)
        for tag in tags:
            registry.write_manifest(artifact.manifest, tag)
        return artifact.digest

    def begin(
        self,
        registry: MemoryRegistry | None = None,
        *,
        last: Step = Step.ATTEST,
        tags: Sequence[str] = TAGS,
        trust: TrustPolicy | UnsafeSkipVerification | None = None,
        open_registry: Callable[[], Registry] | None = None,
    ) -> Publishing:
        registry = registry or self.registry()
        before = tags_now(tags, self.registry())
        options = PublishOptions(before=before, last=last, trust=trust if trust is not None else policy("ours"))
        ports = PublishPorts(
            registry=registry,
            open_registry=open_registry or self.registry,
            signer=None if last is Step.PACKAGE else signer("ours", self.signature_format, clock=MemoryClock()),
            trust=trusting(CosignVerifier(MemoryClock())),
            reporter=self.reporter,
        )
        return Publishing(options, ports)

    def publish(self, text: str = "new", registry: MemoryRegistry | None = None) -> PinnedReference:
        """All the steps."""
        return self.go_through(self.begin(registry), text)

    def go_through(self, publishing: Publishing, text: str = "new") -> PinnedReference:
        pinned = publishing.package(make(text)).artifact
        publishing.sign(pinned)
        publishing.attest(pinned, self.predicates)
        return pinned

    def predicates(self) -> list[Predicate]:
        """Provenance that is never twice the same, and a bill of materials."""
        self.attempt += 1
        return [
            Predicate(SLSA_PROVENANCE_V1, {"runDetails": {"metadata": {"invocationId": str(self.attempt)}}}),
            Predicate(CYCLONEDX, {"bomFormat": "CycloneDX"}),
        ]

    def beside(self, digest: str) -> tuple[int, list[str]]:
        """How many signatures of ours there are, and which attestations."""
        artifact = PinnedReference(HOME, digest)
        judgement = judge_signatures(artifact, self.registry(), CosignVerifier(MemoryClock()), policy("ours"))
        assert judgement.rejected == ()
        return len(judgement.accepted), sorted(found.predicate_type for found in judgement.attestations)


def make(text: str) -> Artifact:
    files = [("manifests.yaml", MANIFEST.format(text).encode())]
    return build_artifact(pack(files), source="https://git.test/shop", revision=f"main@{text}")


def interrupted(act: Callable[[], object]) -> PublishInterruptedError | None:
    """The error that it ended with, if it did."""
    try:
        act()
    except PublishInterruptedError as error:
        return error
    return None
