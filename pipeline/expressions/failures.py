"""What the CEL runtime complains of, told without the data that it complains about: they may be secrets."""

from __future__ import annotations

import re

from pipeline.errors import ExpressionError
from pipeline.model.documents.printable import printable

_MAX_MESSAGE = 300
_CODES = re.compile(r"^[A-Z_]+: |\s*\[[A-Z_]+\]$")
_PLACE = re.compile(r"^ERROR: <input>:(\d+):(\d+): ")
_MISSING_KEY = re.compile(r'Key not found in map : "(?P<key>.*)"', re.DOTALL)
_MISSING_NAME = re.compile(r'No value with name "(?P<name>\w+)"')
_NO_OVERLOAD = re.compile(r"No matching overloads found : (?P<call>.*)", re.DOTALL)
_HARMLESS = (
    "divide by zero",
    "modulus by zero",
    "integer overflow",
    "cannot convert string to int",
    "cannot convert string to double",
    "String to Timestamp conversion failed",
    "String to Duration conversion failed",
    "Iteration budget exceeded",
)


def compile_failure(complaint: str) -> ExpressionError:
    """Of an expression that is no CEL; the place is a column of the expression."""
    first = _CODES.sub("", complaint.strip().partition("\n")[0])
    text = _PLACE.sub(r"line \1, column \2: ", first).strip()
    return ExpressionError(f"the CEL expression is wrong: {printable(text, _MAX_MESSAGE)}", is_final=True)


def evaluation_failure(expression: str, complaint: str) -> ExpressionError:
    """Of an expression over certain data; other data may do."""
    text = _without_data(expression, _CODES.sub("", complaint.strip()))
    return ExpressionError(f"the CEL expression fails: {printable(text, _MAX_MESSAGE)}", is_final=False)


def _without_data(expression: str, complaint: str) -> str:
    if found := _MISSING_KEY.search(complaint):
        key = found["key"]
        return f"no such key: {key}" if key in expression else "no such key"
    if found := _MISSING_NAME.search(complaint):
        return f"no such attribute: {found['name']}"
    if found := _NO_OVERLOAD.search(complaint):
        return f"no such overload: {found['call']}"
    if "non-message type" in complaint:
        return "a field is asked of something that has none"
    if "Index error" in complaint:
        return "index out of bounds"
    return next((text for text in _HARMLESS if text in complaint), "a value does not fit what is done with it")
