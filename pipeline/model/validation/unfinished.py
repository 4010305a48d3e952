"""Values that are not yet what an API server will see: encrypted by SOPS, or with variables that the puller puts in.

Source: SOPS documentation ("Encrypting values"); Flux documentation, "Post build variable substitution".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from pipeline.model.kustomizing.encryption import is_encrypted
from pipeline.model.manifests import Body

_SOPS: Final = "sops"
_ENCRYPTED: Final = re.compile(r"\s*ENC\[[^\]]*\]\s*")
_VARIABLE: Final = re.compile(r"(?<!\$)\$\{\w")


def without_encryption(body: Body) -> Body:
    """The object without what SOPS has written beside its fields; values that it has encrypted stay as they are."""
    return {key: value for key, value in body.items() if key != _SOPS} if is_encrypted(body) else body


def is_unfinished(value: object) -> bool:
    """Whether the value, or one inside of it, is encrypted or has a variable."""
    if isinstance(value, str):
        return _VARIABLE.search(value) is not None or _ENCRYPTED.fullmatch(value) is not None
    if isinstance(value, Mapping):
        return any(map(is_unfinished, value)) or any(map(is_unfinished, value.values()))
    return isinstance(value, (list, tuple)) and any(map(is_unfinished, value))
