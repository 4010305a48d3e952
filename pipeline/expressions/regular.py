"""Regular expressions as Go's ``regexp`` reads them: RE2, which takes time in proportion to the text whatever they say.

It comes with CEL, whose ``matches`` is RE2's search.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from pipeline.errors import ExpressionError


def matching(expression: str, texts: Sequence[str]) -> tuple[str, ...]:
    """Those of the texts in which the expression is found, in order.

    Raises:
        ExpressionError: it is no regular expression; told for no texts as well.
    """
    from cel_expr_python import cel

    environment = cel.NewEnv(variables={"text": cel.Type.STRING})
    program = environment.compile(f"text.matches({json.dumps(expression, ensure_ascii=False)})")

    def is_found(text: str) -> bool:
        verdict = program.eval(data={"text": text}).value()
        if not isinstance(verdict, bool):
            raise ExpressionError(f"'{expression}' is not a regular expression: {_why(verdict)}", is_final=True)
        return verdict

    is_found("")
    return tuple(text for text in texts if is_found(text))


def _why(error: object) -> str:
    return str(error).rpartition("invalid regular expression: ")[2]
