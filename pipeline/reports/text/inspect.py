"""``InspectResult`` as text: what is verified, and what somebody merely says, never look alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipeline.model.attestation.provenance_details import ProvenanceDetails
from pipeline.model.attestation.sbom_reading import SbomFacts
from pipeline.model.documents.printable import printable
from pipeline.model.documents.times import format_time
from pipeline.model.outcome.inspect import Evidence, InspectResult
from pipeline.reports.text.signatures import in_words
from pipeline.reports.text.values import Paint, inline

_WIDTH = 200
_SHOWN = 20
"""Of each list; the JSON document has all of it."""
_DESCRIBED = frozenset(f"org.opencontainers.image.{name}" for name in ("created", "source", "revision"))


def render(result: InspectResult, *, color: bool) -> str:
    """The artifact and its content first, then who vouches for it, then what is said about how it came to be."""
    return "\n".join(_lines(result, Paint(color))) + "\n"


def _lines(result: InspectResult, paint: Paint) -> Iterator[str]:
    yield paint("bold", str(result.artifact))
    yield from _fields(
        {
            "tag": result.artifact.tag or "",
            "type": result.artifact_type,
            "manifest": result.media_type,
            "size": f"{result.size} bytes",
            "created": result.created,
            "source": result.source,
            "revision": result.revision,
        }
    )
    others = {name: text for name, text in result.annotations.items() if name not in _DESCRIBED}
    yield from _limited([f"  {_clean(name)}: {_clean(text)}" for name, text in sorted(others.items())])
    yield from _content(result)
    yield ""
    yield from _trust(result, paint)
    yield from _evidence("Signatures", result.signatures, paint)
    yield from _evidence("Attestations", result.attestations, paint)
    for item in result.attestations[:_SHOWN]:
        yield from _facts(item, paint)
    yield from _others(result)


def _content(result: InspectResult) -> Iterator[str]:
    content = result.content
    total = sum(content.objects.values())
    yield ""
    yield f"Content: {total} objects in {content.files} files"
    if content.problem:
        yield f"  {_clean(content.problem)}"
    if content.objects:
        yield f"  {_counted(content.objects)}"
    yield from _limited([f"  image {_clean(image)}" for image in content.images])


def _trust(result: InspectResult, paint: Paint) -> Iterator[str]:
    if result.is_trusted is None:
        yield f"Trust: {paint('yellow', 'not verified')}, for nobody was named whose signature counts (--key)"
    elif result.is_trusted:
        yield f"Trust: {paint('green', 'trusted')}, {_clean(result.decision)}"
    else:
        yield f"Trust: {paint('red', 'NOT trusted')}, {_clean(result.decision)}"
    if result.problem:
        yield f"  {paint('red', _clean(result.problem))}"


def _evidence(heading: str, items: Sequence[Evidence], paint: Paint) -> Iterator[str]:
    yield f"{heading}: {len(items) or 'none'}"
    for item in items[:_SHOWN]:
        what = f"{_clean(item.name)} " if item.predicate_type and item.name != "signature" else ""
        yield f"  {_mark(item, paint)} {what}{_who(item)}"
        detail = f"{item.format} in {item.found_in}"
        if what and item.name != item.predicate_type:
            detail += f", {_clean(item.predicate_type)}"
        yield f"    {paint('dim', detail)}"
        if item.reason:
            yield f"    {'not accepted' if item.verified else 'not verified'}: {_clean(item.reason)}"
    yield from _rest(len(items))


def _mark(item: Evidence, paint: Paint) -> str:
    if item.accepted:
        return paint("green", "✓")
    return paint("yellow", "?") if item.verified or "nobody was named" in item.reason else paint("red", "✗")


def _who(item: Evidence) -> str:
    if item.verified is not None:
        return f"by {in_words(item.verified)}"
    said = []
    if item.claimed_identity is not None:
        said.append(f"by {item.claimed_identity.subject} (issuer {item.claimed_identity.issuer})")
    if item.claimed_time is not None:
        said.append(f"signed {format_time(item.claimed_time)}")
    if item.claimed_log:
        said.append(f"logged as {item.claimed_log}")
    return _clean(f"says: {', '.join(said)}") if said else "by somebody"


def _facts(item: Evidence, paint: Paint) -> Iterator[str]:
    provenance, sbom = item.provenance, item.sbom
    if provenance is None and sbom is None:
        return
    by = in_words(item.verified) if item.verified is not None and item.accepted else ""
    whose = paint("green", f"by {by}") if by else paint("yellow", "says, not verified")
    yield ""
    yield f"{'Provenance' if provenance else 'SBOM'} ({whose})"
    if provenance:
        yield from _provenance(provenance)
    if sbom:
        yield from _sbom(sbom)


def _provenance(details: ProvenanceDetails) -> Iterator[str]:
    facts = details.facts
    yield from _fields(
        {
            "builder": facts.builder,
            "build type": facts.build_type,
            "repository": ", ".join(facts.repositories),
            "ref": facts.ref,
            "commit": details.commit,
            "workflow": facts.workflow,
            "trigger": details.trigger,
            "invocation": details.invocation,
            "started": details.started,
            "finished": details.finished,
        }
    )
    yield from _limited(
        [f"  parameter {_clean(name)}: {_clean(inline(value))}" for name, value in details.parameters.items()]
    )
    yield from _limited(
        [f"  from {_clean(item.uri or item.name)} {_clean(item.digest)}".rstrip() for item in details.dependencies]
    )


def _sbom(facts: SbomFacts) -> Iterator[str]:
    yield from _fields({"format": facts.format, "name": facts.name, "created": facts.created})
    if facts.components:
        yield f"  components  {_counted(facts.components)}"
    yield from _limited([f"  image {_clean(image)}" for image in facts.images])


def _others(result: InspectResult) -> Iterator[str]:
    if result.referrers:
        yield ""
        yield f"Other referrers: {len(result.referrers) + result.more_referrers}"
        kinds = [f"  {_clean(item.artifact_type or item.media_type)} {item.digest}" for item in result.referrers]
        yield from _limited(kinds, result.more_referrers)
    if result.tags:
        yield ""
        yield "Tags of cosign 2:"
        yield from (f"  {tag} {digest}" for tag, digest in result.tags.items())


def _fields(fields: Mapping[str, str]) -> Iterator[str]:
    yield from (f"  {name:<11} {_clean(text)}" for name, text in fields.items() if text)


def _counted(counts: Mapping[str, int]) -> str:
    shown = [f"{_clean(kind)} {count}" for kind, count in list(counts.items())[:_SHOWN]]
    return ", ".join(shown) + (f", and {len(counts) - _SHOWN} more kinds" if len(counts) > _SHOWN else "")


def _limited(lines: Sequence[str], more: int = 0) -> Iterator[str]:
    yield from lines[:_SHOWN]
    yield from _rest(len(lines) + more)


def _rest(total: int) -> Iterator[str]:
    if total > _SHOWN:
        yield f"  … and {total - _SHOWN} more (-o json has all)"


def _clean(text: str) -> str:
    return printable(text, _WIDTH)
