"""Substitution in one object: on its YAML text as Flux writes it, then read again as Go reads YAML.

The text matters: a value without quotes may become a number, a boolean or even a list by what is put into it, and one
that needs quotes stays text. Flux writes through ``sigs.k8s.io/yaml``, whose emitter is libyaml's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeline.errors import ManifestError
from pipeline.model.documents.yaml_reading import read_manifests
from pipeline.model.documents.yaml_scalars import read_plain
from pipeline.model.documents.yaml_writing import canonical_json
from pipeline.model.kustomizing.substitution import SubstitutionError, substitute
from pipeline.model.manifests import Body, Resource

if TYPE_CHECKING:
    import yaml

OPT_OUT = "kustomize.toolkit.fluxcd.io/substitute"
"""Label or annotation that keeps an object as it is, if its value is exactly ``disabled``."""

_LINE_WIDTH = 80
_DATE = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ].*:.*)?$")


def substitute_object(resource: Resource, variables: Mapping[str, str], *, strict: bool) -> Resource:
    """The object with its expressions replaced, unless it opts out.

    Raises:
        SubstitutionError: an expression cannot be read, or its variable is not set.
        ManifestError: what comes out is no object any more.
    """
    if b"$" not in canonical_json(resource.body) or _opts_out(resource.body):
        return resource
    try:
        text = substitute(write_for_substitution(resource.body), variables, strict=strict)
    except SubstitutionError as error:
        line, _, what = error.message.partition(": ")
        raise SubstitutionError(f"{resource}: {what} ({line} of its rendered YAML)", hint=error.hint) from None
    try:
        found = read_manifests(text, "after substitution")
    except ManifestError as error:
        raise ManifestError(
            f"{resource}: {_without_content(error, resource)}",
            hint="quote the expression, or the value that is put in for it",
            code="manifest.substitution",
        ) from None
    if len(found) != 1:
        raise ManifestError(f"{resource}: after substitution, this is {len(found)} objects instead of one")
    return replace(found[0], origin=resource.origin)


def write_for_substitution(body: Body) -> bytes:
    """The object's YAML with the quotes and line breaks that Flux would have in it."""
    import yaml

    text: str = yaml.emit(_events(body), Dumper=yaml.CDumper, width=_LINE_WIDTH, allow_unicode=True)
    return text.encode()


def _without_content(error: ManifestError, resource: Resource) -> str:
    # A message may quote keys and values, which in a Secret are nobody's business.
    return "after substitution, it is no valid YAML" if resource.id.kind == "Secret" else error.message


def _opts_out(body: Body) -> bool:
    metadata = body["metadata"]
    return any((metadata.get(key) or {}).get(OPT_OUT) == "disabled" for key in ("labels", "annotations"))


def _events(body: Body) -> Iterator[yaml.Event]:
    import yaml

    yield yaml.StreamStartEvent()
    yield yaml.DocumentStartEvent(explicit=False)
    yield from _node(body)
    yield yaml.DocumentEndEvent(explicit=False)
    yield yaml.StreamEndEvent()


def _node(value: Any) -> Iterator[yaml.Event]:  # noqa: ANN401 - any JSON value
    import yaml

    if isinstance(value, Mapping):
        yield yaml.MappingStartEvent(None, None, implicit=True, flow_style=not value)
        for key in sorted(value):
            yield _text(key)
            yield from _node(value[key])
        yield yaml.MappingEndEvent()
    elif isinstance(value, list):
        yield yaml.SequenceStartEvent(None, None, implicit=True, flow_style=not value)
        for item in value:
            yield from _node(item)
        yield yaml.SequenceEndEvent()
    elif isinstance(value, str):
        yield _text(value)
    else:
        yield yaml.ScalarEvent(None, None, (True, True), canonical_json(value).decode())


def _text(value: str) -> yaml.Event:
    import yaml

    style = "|" if "\n" in value else '"' if _means_something_else(value) else None
    return yaml.ScalarEvent(None, None, (True, True), value, style=style)


def _means_something_else(value: str) -> bool:
    if value == "<<" or _DATE.match(value):
        return True
    try:
        return not isinstance(read_plain(value), str)
    except ValueError:
        return True
