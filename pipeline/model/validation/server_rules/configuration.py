"""ConfigMaps and Secrets: their keys, what a type of Secret asks for, and how much they hold.

Source: k8s.io/kubernetes ``pkg/apis/core/validation`` (``ValidateConfigMap``, ``ValidateSecret``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pipeline.model.documents.untyped import mapping_at, text_at
from pipeline.model.kustomizing.encryption import is_encrypted
from pipeline.model.manifests import Body
from pipeline.model.validation.name_formats import DATA_KEY
from pipeline.model.validation.server_rules.refusal import Refusal, missing

_LARGEST: Final = 1024 * 1024
_NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "kubernetes.io/dockercfg": (".dockercfg",),
    "kubernetes.io/dockerconfigjson": (".dockerconfigjson",),
    "kubernetes.io/ssh-auth": ("ssh-privatekey",),
    "kubernetes.io/tls": ("tls.crt", "tls.key"),
}
"""By a Secret's type, the keys that it has to have."""
_BASIC_AUTH: Final = "kubernetes.io/basic-auth"
_TOKEN: Final = "kubernetes.io/service-account-token"  # noqa: S105 - a type of Secret
_ACCOUNT: Final = "kubernetes.io/service-account.name"


def _keys(content: Mapping[str, Any], holder: str) -> Iterator[Refusal]:
    for key in content:
        if not DATA_KEY.accepts(str(key)):
            yield Refusal((holder, key), f"is no key; expected {DATA_KEY.words}")


def _config_map(body: Body) -> Iterator[Refusal]:
    data, binary = mapping_at(body, "data"), mapping_at(body, "binaryData")
    yield from _keys(data, "data")
    yield from _keys(binary, "binaryData")
    for key in data.keys() & binary.keys():
        yield Refusal(("binaryData", key), "is in data as well; expected it in one of the two")
    yield from _size(body, _texts(data) + _encoded(binary))


def _secret(body: Body) -> Iterator[Refusal]:
    data, texts = mapping_at(body, "data"), mapping_at(body, "stringData")
    yield from _keys(data, "data")
    yield from _keys(texts, "stringData")
    keys = data.keys() | texts.keys()
    kind = text_at(body, "type")
    for key in _NEEDED.get(kind, ()):
        if key not in keys:
            yield missing("data", key, hint=f"a Secret of the type {kind} has it")
    if kind == _BASIC_AUTH and not {"username", "password"} & keys:
        yield missing("data", "username", hint=f"a Secret of the type {kind} has username, password or both")
    if kind == _TOKEN and not mapping_at(body, "metadata", "annotations").get(_ACCOUNT):
        yield missing("metadata", "annotations", _ACCOUNT, hint=f"a Secret of the type {kind} names its ServiceAccount")
    yield from _size(body, _encoded({key: data[key] for key in data.keys() - texts.keys()}) + _texts(texts))


def _size(body: Body, size: int) -> Iterator[Refusal]:
    # Encrypted, the values are longer than what is in them.
    if size > _LARGEST and not is_encrypted(body):
        yield Refusal(("data",), f"holds {size} bytes; expected at most {_LARGEST}, all values together")


def _texts(content: Mapping[str, Any]) -> int:
    return sum(len(text.encode(errors="replace")) for text in content.values() if isinstance(text, str))


def _encoded(content: Mapping[str, Any]) -> int:
    """Bytes of values in base64, by their length: at most what is decoded, for the padding may count too much."""
    values = ("".join(text.split()) for text in content.values() if isinstance(text, str))
    return sum(len(value.rstrip("=")) * 3 // 4 for value in values)


RULES: Final[Mapping[tuple[str, str], Callable[[Body], Iterator[Refusal]]]] = {
    ("", "ConfigMap"): _config_map,
    ("", "Secret"): _secret,
}
"""By group and kind."""
