"""Regular expressions as Go's ``regexp`` reads them: RE2, which takes time in proportion to the text whatever they say.

It comes with CEL, whose ``matches`` is RE2's search.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from pipeline.errors import ExpressionError

_CACHED = 64


def matching(expression: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Those of the texts in which the expression is found, in order.

    The runtime takes a NUL for the end of a text, so whatever follows one would go unseen: no
    expression is found in a text with one, nor in one that is not Unicode.

    Raises:
        ExpressionError: it is no regular expression; told for no texts as well.
    """
    program = _compiled(expression)

    def is_found(text: str) -> bool:
        if "\0" in text or not _is_unicode(text):
            return False
        verdict = program.eval(data={"text": text}).value()
        if not isinstance(verdict, bool):
            raise ExpressionError(f"'{expression}' is not a regular expression: {_why(verdict)}", is_final=True)
        return verdict

    is_found("")
    return tuple(text for text in texts if is_found(text))


@lru_cache(maxsize=_CACHED)
def _compiled(expression: str) -> Any:  # noqa: ANN401 - a class of an untyped package
    from cel_expr_python import cel

    if "\0" in expression or not _is_unicode(expression):
        raise ExpressionError(f"{ascii(expression)[:120]} is not a regular expression: it is no text", is_final=True)
    environment = cel.NewEnv(variables={"text": cel.Type.STRING})
    return environment.compile(f"text.matches({json.dumps(expression, ensure_ascii=False)})")


def _is_unicode(text: str) -> bool:
    """Whether it has no half of a surrogate pair, such as the command line makes of bytes that are not UTF-8."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _why(error: object) -> str:
    return str(error).rpartition("invalid regular expression: ")[2]
