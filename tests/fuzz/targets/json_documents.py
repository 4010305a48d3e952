"""JSON and base64 as strangers write them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress

from pipeline.errors import PipelineError
from pipeline.model.documents.strict_json import decode_base64, object_in, parse_object, text_in
from tests.fuzz.material import bundles


def seeds() -> Iterator[bytes]:
    yield json.dumps({"a": {"b": [1, 2.5, None, "ü", {"c": "QUFB"}]}, "d": "x"}).encode()
    yield b'{"a": 1e999, "b": -0.0, "c": "\\ud83d\\ude00", "d": NaN}'
    yield b"QUJDRA=="
    yield bundles()[0]


def consume(data: bytes) -> None:
    with suppress(PipelineError):
        document = parse_object(data, "the document")
        for key in document:
            with suppress(PipelineError):
                object_in(document, key, "the document")
            with suppress(PipelineError):
                decode_base64(text_in(document, key, "the document"), "the document")
    with suppress(PipelineError):
        decode_base64(data.decode("latin-1"), "the text")
