"""Which objects a suppression is about, in a few letters."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.errors import ConfigurationError
from pipeline.model.manifests import ObjectId


@dataclass(frozen=True, slots=True)
class ObjectPattern:
    """``Kind`` or ``Kind.group``, alone or followed by ``NAMESPACE/NAME`` or ``NAME``; ``*`` is any letters."""

    kind: re.Pattern[str]
    group: re.Pattern[str] | None
    namespace: re.Pattern[str] | None
    name: re.Pattern[str] | None

    @classmethod
    def parse(cls, text: str, place: str = "") -> ObjectPattern:
        """Read it.

        Raises:
            ConfigurationError: it has more than two words.
        """
        words = text.split()
        if len(words) not in {1, 2}:
            raise ConfigurationError(
                f"{place + ': ' if place else ''}'{text}' names no objects; expected Kind, Kind NAME or"
                " Kind NAMESPACE/NAME",
                hint="* stands for any letters, as in 'Deployment.apps shop/*'",
            )
        kind, dot, group = words[0].partition(".")
        namespace, slash, name = words[1].rpartition("/") if len(words) > 1 else ("", "", "*")
        return cls(glob(kind), glob(group) if dot else None, glob(namespace) if slash else None, glob(name or "*"))

    def matches(self, object_id: ObjectId) -> bool:
        """Whether the object is one of these."""
        parts = (
            (self.kind, object_id.kind),
            (self.group, object_id.group),
            (self.namespace, object_id.namespace),
            (self.name, object_id.name),
        )
        return all(pattern is None or pattern.fullmatch(value) is not None for pattern, value in parts)


def glob(text: str) -> re.Pattern[str]:
    """A pattern in which ``*`` stands for any letters, none included, and everything else for itself."""
    return re.compile("(?s)" + ".*".join(re.escape(part) for part in text.split("*")))
