"""``format.NAME().validate(TEXT)`` and ``format.named(NAME)``: whether a text is written as Kubernetes wants it.

Kubernetes has objects for formats and optional values for their verdicts. Neither can come out of a function of ours,
so what people write is rewritten into functions over texts; formats that are kept or compared are not known here.

Source: k8s.io/apiserver ``pkg/cel/library/format.go``; k8s.io/apimachinery ``pkg/util/validation``; k8s.io/kube-openapi
``pkg/validation/strfmt``.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from pipeline.expressions.kubernetes.declaring import Function
from pipeline.model.validation.cel_text import Token, tokens
from pipeline.model.validation.name_formats import (
    DNS_1035_LABEL,
    DNS_LABEL,
    DNS_SUBDOMAIN,
    LABEL_VALUE,
    QUALIFIED_NAME_PART,
    UUID_TEXT,
    NameFormat,
)

_VALIDATE = "kubernetes_validate"
_ALPHANUMERIC = "and must start and end with an alphanumeric character"
_SUBDOMAIN_WORDS = (
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', {_ALPHANUMERIC}"
    " (e.g. 'example.com', regex used for validation is"
    r" '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_LABEL_WORDS = (
    f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {_ALPHANUMERIC}"
    " (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_1035_WORDS = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character,"
    " and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is"
    " '[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_VALUE_WORDS = (
    f"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', {_ALPHANUMERIC}"
    " (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is"
    " '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_NAME_WORDS = (
    f"must consist of alphanumeric characters, '-', '_' or '.', {_ALPHANUMERIC} (e.g. 'MyName',  or 'my.name',  or"
    " '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)


def _written(text: str, written: NameFormat, words: str) -> list[str]:
    found = [f"must be no more than {written.longest} characters"] if len(text.encode()) > written.longest else []
    return found if written.pattern.fullmatch(text) else [*found, words]


def _label(text: str) -> list[str]:
    words = "must not contain dots" if DNS_SUBDOMAIN.pattern.fullmatch(text) else _LABEL_WORDS
    return _written(text, DNS_LABEL, words)


def _qualified(text: str) -> list[str]:
    parts = text.split("/")
    if len(parts) > 2:  # noqa: PLR2004 - a prefix and a name
        return [
            f"a qualified name {_NAME_WORDS} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        ]
    prefix, name = ("", parts[0]) if len(parts) == 1 else parts
    found = []
    if len(parts) > 1 and not prefix:
        found = ["prefix part must be non-empty"]
    elif len(parts) > 1:
        found = [f"prefix part {words}" for words in _written(prefix, DNS_SUBDOMAIN, _SUBDOMAIN_WORDS)]
    if not name:
        return [*found, "name part must be non-empty", f"name part {_NAME_WORDS}"]
    return [*found, *(f"name part {words}" for words in _written(name, QUALIFIED_NAME_PART, _NAME_WORDS))]


def _of_prefix(check: Callable[[str], list[str]]) -> Callable[[str], list[str]]:
    """Of what is in front of a generated name: a dash at its end is followed by something."""

    def does(text: str) -> list[str]:
        return check(f"{text[:-1]}a" if len(text) > 1 and text.endswith("-") else text)

    return does


def _base64(text: str) -> list[str]:
    """Kubernetes wants something to be there."""
    try:
        return [] if b64decode(text, validate=True) else ["invalid base64"]
    except ValueError:
        return ["invalid base64"]


def _date(text: str) -> list[str]:
    return [] if _DATE.fullmatch(text) and _is_day(text) else ["invalid date"]


def _date_time(text: str) -> list[str]:
    return [] if _DATE_TIME.fullmatch(text) and _is_day(text[:10]) else ["invalid datetime"]


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text) is not None
    except ValueError:
        return False


def _dns_subdomain(text: str) -> list[str]:
    return _written(text, DNS_SUBDOMAIN, _SUBDOMAIN_WORDS)


def _dns_1035_label(text: str) -> list[str]:
    return _written(text, DNS_1035_LABEL, _1035_WORDS)


_FORMATS: Mapping[str, Callable[[str], list[str]]] = {
    "dns1123Label": _label,
    "dns1123LabelPrefix": _of_prefix(_label),
    "dns1123Subdomain": _dns_subdomain,
    "dns1123SubdomainPrefix": _of_prefix(_dns_subdomain),
    "dns1035Label": _dns_1035_label,
    "dns1035LabelPrefix": _of_prefix(_dns_1035_label),
    "qualifiedName": _qualified,
    "labelValue": lambda text: _written(text, LABEL_VALUE, _VALUE_WORDS),
    "uuid": lambda text: [] if UUID_TEXT.fullmatch(text) else ["does not match the UUID format"],
    "byte": _base64,
    "date": _date,
    "datetime": _date_time,
}
"""Without ``uri``, whose complaints are those of Go's parser."""


def with_format_functions(expression: str) -> str:
    """The expression, in which ``format.NAME().validate(TEXT)`` is a call of ours.

    Also ``format.named('NAME').value().validate(TEXT)``, of names that are known.
    """
    pieces = list(tokens(expression))
    solid = [index for index, piece in enumerate(pieces) if piece.kind != "blank"]
    texts = [pieces[index].text for index in solid]
    for start, index in enumerate(solid):
        if not pieces[index].is_root or pieces[index].text != "format":
            continue
        name, length = _format_at(texts[start:])
        end = _closing(texts, start + length - 1) if name else None
        if end is None:
            continue
        for each in solid[start : start + length]:
            pieces[each] = Token("blank", "")
        pieces[index] = Token("name", f"optional.ofNonZeroValue({_VALIDATE}('{name}', ")
        pieces[solid[end]] = Token("other", "))")
    return "".join(piece.text for piece in pieces)


def _format_at(texts: Sequence[str]) -> tuple[str, int]:
    """The format that these pieces begin to validate by, and how many of them lead up to the argument."""
    for pattern in (_CALLED, _NAMED):
        if len(texts) < len(pattern):
            continue
        name = texts[pattern.index("")].strip("'\"")
        if name in _FORMATS and all(wanted in ("", text) for wanted, text in zip(pattern, texts, strict=False)):
            return name, len(pattern)
    return "", 0


def _closing(texts: Sequence[str], opening: int) -> int | None:
    """Where the parenthesis ends that begins there."""
    depth = 0
    for place in range(opening, len(texts)):
        depth += (texts[place] == "(") - (texts[place] == ")")
        if not depth:
            return place
    return None


_CALLED = ("format", ".", "", "(", ")", ".", "validate", "(")
_NAMED = ("format", ".", "named", "(", "", ")", ".", "value", "(", ")", ".", "validate", "(")

FUNCTIONS = (
    Function(_VALIDATE, ("STRING", "STRING"), "LIST", lambda name, text: _FORMATS[name](text), is_member=False),
)
