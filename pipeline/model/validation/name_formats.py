"""How names, labels and keys are written in Kubernetes.

Source: k8s.io/apimachinery ``pkg/util/validation``, ``pkg/api/validation`` and ``pkg/api/validation/path``; Kubernetes
documentation, "Object Names and IDs" and "Labels and Selectors".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class NameFormat:
    """How something is written; ``longest`` is in bytes, and ``words`` say to people what is expected."""

    pattern: re.Pattern[str]
    longest: int
    words: str

    def accepts(self, text: str) -> bool:
        """Whether the text is written so."""
        return len(text.encode(errors="replace")) <= self.longest and self.pattern.fullmatch(text) is not None


_LABEL: Final = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN: Final = rf"{_LABEL}(\.{_LABEL})*"
_NAME: Final = r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"

DNS_LABEL: Final = NameFormat(
    re.compile(_LABEL), 63, "text of at most 63 lower-case letters, digits and -, with a letter or digit at both ends"
)
DNS_SUBDOMAIN: Final = NameFormat(
    re.compile(_SUBDOMAIN),
    253,
    "text of at most 253 lower-case letters, digits, - and ., with a letter or digit at both ends of each part",
)
DNS_1035_LABEL: Final = NameFormat(
    re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?"),
    63,
    "text of at most 63 lower-case letters, digits and -, with a letter in front and a letter or digit at the end",
)
QUALIFIED_NAME_PART: Final = NameFormat(
    re.compile(_NAME), 63, "text of at most 63 letters, digits, -, _ and ., with a letter or digit at both ends"
)
LABEL_VALUE: Final = NameFormat(
    re.compile(rf"({_NAME})?"),
    63,
    "text of at most 63 letters, digits, -, _ and ., with a letter or digit at both ends",
)
PATH_SEGMENT: Final = NameFormat(
    re.compile(r"(?!\.{1,2}\Z)[^/%]+", re.DOTALL), 1 << 20, "a name without / and %, and neither . nor .."
)
DATA_KEY: Final = NameFormat(
    re.compile(r"(?!\.\Z|\.\.)[-._a-zA-Z0-9]+"),
    253,
    "text of at most 253 letters, digits, -, _ and ., without .. in front",
)
PORT_NAME: Final = NameFormat(
    re.compile(r"(?=.*[a-z])(?!.*--)[a-z0-9]([-a-z0-9]*[a-z0-9])?"),
    15,
    "text of at most 15 lower-case letters, digits and single -, one letter at least, no - at either end",
)
VARIABLE_NAME: Final = NameFormat(re.compile(r"[ -<>-~]+"), 1 << 20, "a name of printable ASCII characters without =")
STRICT_VARIABLE_NAME: Final = NameFormat(
    re.compile(r"(?!\.\Z|\.\.)[-._a-zA-Z][-._a-zA-Z0-9]*"),
    1 << 20,
    "text of letters, digits, -, _ and ., no digit in front",
)
"""Before Kubernetes 1.30."""

UUID_TEXT: Final = re.compile(r"(?i)[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.ASCII)
"""A UUID; the dashes may be left out (k8s.io/kube-openapi ``pkg/validation/strfmt``)."""


def is_qualified_name(text: str) -> bool:
    """Whether it may be a label's key: a name, or a DNS subdomain, ``/`` and a name."""
    prefix, slash, name = text.rpartition("/")
    return QUALIFIED_NAME_PART.accepts(name) and (not slash or DNS_SUBDOMAIN.accepts(prefix))


QUALIFIED_NAME_IN_WORDS: Final = (
    "text of at most 63 letters, digits, -, _ and ., with a letter or digit at both ends, and perhaps a DNS name and /"
    " in front of it"
)
