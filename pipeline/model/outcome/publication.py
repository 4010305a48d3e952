"""How far a publication has come, and the error that says so when it could not be finished."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import PipelineError
from pipeline.model.artifact.reference import PinnedReference


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What is in the registry because of one run.

    ``attestations`` are pairs of predicate type and the digest of the manifest that carries it; ``tags`` those that
    point at the artifact, or may do so.
    """

    artifact: PinnedReference | None = None
    signature_digest: str = ""
    attestations: tuple[tuple[str, str], ...] = ()
    tags: tuple[str, ...] = ()

    def told(self) -> str:
        """In one line: what is there, and where the tags are."""
        tags = f"these tags may already point at it: {', '.join(self.tags)}" if self.tags else "no tag was moved"
        if self.artifact is None:
            return f"{tags}, and nothing is in the registry that anybody would find"
        parts = [f"signature {self.signature_digest}"] if self.signature_digest else []
        parts += [f"attestation {name} {digest}" for name, digest in self.attestations]
        beside = f", with {', '.join(parts)}" if parts else ", without a signature of this run"
        return f"{tags}; in the registry is {self.artifact.digest_url}{beside}"


class PublishInterruptedError(PipelineError):
    """A publication that could not be finished; ``publication`` says what is in the registry already."""

    def __init__(self, cause: PipelineError, publication: Publication) -> None:
        again = "run the same again: what is there is not written twice"
        hints = [text for text in (cause.hint, publication.told(), again) if text]
        super().__init__(cause.message, hint="\n  ".join(hints), code=cause.code)
        self.exit_code = cause.exit_code
        self.publication = publication
