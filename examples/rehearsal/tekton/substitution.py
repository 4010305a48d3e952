"""Variables: ``$(params.name)`` and its kin.

Tekton replaces text by text. Within one pass nothing that came out of a variable is looked at again, so a value that
reads ``$(params.other)`` stays as it is. A *later* pass sees it: a Task is passed over for its params, its contexts,
the paths of its results, and its workspaces, in this order. So a value that reads ``$(workspaces.source.path)`` becomes
that path, on a cluster as here. A StepAction has a pass for its own params before those of the Task that uses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Self

from examples.rehearsal.tekton.errors import TektonError
from examples.rehearsal.tekton.values import Value

_VARIABLE = re.compile(r"\$\(([^()]*)\)")
_WHOLE = re.compile(r"\$\(([^()]*?)(\[\*\])?\)")
_NAME = re.compile(
    r"""(?P<dotted>[^.\[\]]+)(?:\.(?P<key>[^\[\]]+))?(?P<dotted_index>\[(?:\d+|\*)\])?$"""
    r"""|\[(?P<quote>["'])(?P<quoted>.+?)(?P=quote)\](?:\.(?P<quoted_key>[^\[\]]+))?(?P<quoted_index>\[(?:\d+|\*)\])?$"""
)


@dataclass(frozen=True, slots=True)
class Replacements:
    """What variables stand for, by what is between ``$(`` and ``)``."""

    strings: Mapping[str, str] = field(default_factory=dict)
    arrays: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    objects: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, values: Mapping[str, Value], spellings: Iterable[str]) -> Self:
        """Those for named values; ``spellings`` are the ways to write one, as ``params.{}``."""
        strings: dict[str, str] = {}
        arrays: dict[str, tuple[str, ...]] = {}
        objects: dict[str, Mapping[str, str]] = {}
        for spelling in spellings:
            for name, value in values.items():
                written = spelling.format(name)
                if isinstance(value, str):
                    strings[written] = value
                elif isinstance(value, tuple):
                    arrays[written] = value
                    strings |= {f"{written}[{index}]": item for index, item in enumerate(value)}
                else:
                    objects[written] = value
                    strings |= {f"{written}.{key}": item for key, item in value.items()}
        return cls(strings, arrays, objects)

    def __or__(self, other: Replacements) -> Replacements:
        return Replacements(
            {**self.strings, **other.strings}, {**self.arrays, **other.arrays}, {**self.objects, **other.objects}
        )

    def text(self, text: str) -> str:
        """The text with its variables replaced in one pass; unknown ones stay."""
        return _VARIABLE.sub(lambda match: self.strings.get(match[1], match[0]), text)

    def items(self, items: Iterable[str]) -> tuple[str, ...]:
        """A list, in which an element that is nothing but an array becomes that array's elements."""
        found: list[str] = []
        for item in items:
            whole = _WHOLE.fullmatch(item)
            array = self.arrays.get(whole[1]) if whole else None
            found.extend((self.text(item),) if array is None else array)
        return tuple(found)

    def value(self, value: Value) -> Value:
        """A param's value; a string that is nothing but an array or object becomes it."""
        if isinstance(value, tuple):
            return self.items(value)
        if not isinstance(value, str):
            return {key: self.text(item) for key, item in value.items()}
        whole = _WHOLE.fullmatch(value)
        if whole and whole[1] in self.arrays:
            return self.arrays[whole[1]]
        if whole and whole[1] in self.objects:
            return self.objects[whole[1]]
        return self.text(value)


@dataclass(frozen=True, slots=True)
class Variable:
    """One mention of a variable: ``$(params.images[0])`` has the index "0", ``$(params.git.url)`` the key ``url``."""

    name: str
    key: str = ""
    index: str = ""
    is_alone: bool = False
    """Whether there is nothing before and after it."""
    text: str = ""


def variables(text: str, prefix: str) -> Iterator[Variable]:
    """Every mention of a variable of that prefix (``params``, ``results``, …)."""
    for match in _VARIABLE.finditer(text):
        inner = match[1]
        if not inner.startswith((f"{prefix}.", f"{prefix}[")):
            continue
        found = _NAME.match(inner.removeprefix(prefix).removeprefix("."))
        if found is None:
            raise TektonError(f"{match[0]} is no variable that Tekton knows: it is {prefix}.NAME or {prefix}['NAME']")
        index = (found["dotted_index"] or found["quoted_index"] or "").strip("[]")
        yield Variable(
            name=found["dotted"] or found["quoted"],
            key=found["key"] or found["quoted_key"] or "",
            index=index,
            is_alone=match[0] == text,
            text=match[0],
        )
