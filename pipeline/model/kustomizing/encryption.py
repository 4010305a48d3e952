"""What SOPS has encrypted, and in which format it is read and written (kustomize-controller ``internal/decryptor``)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import ManifestError
from pipeline.model.flux.api import KUSTOMIZE_GROUP
from pipeline.model.kustomizing.remotes import is_remote
from pipeline.model.kustomizing.tree import Tree, resolve
from pipeline.model.manifests import Body, Resource

MAX_SIZE = 5 * 1024**2
"""Bytes of an encrypted file."""
OPT_OUT = f"{KUSTOMIZE_GROUP}/decrypt"
"""Annotation that keeps an object as it is, if its value is ``disabled`` in any capitals."""

_SUFFIXES = {
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
    ".dockerconfigjson": "json",
    ".env": "dotenv",
    ".ini": "ini",
}
_MARKS = {
    "json": b'"mac": "ENC[',
    "yaml": b"mac: ENC[",
    "dotenv": b"sops_mac=ENC[",
    "ini": b"[sops]",
    "binary": b'"mac": "ENC[',
}
"""What only an encrypted file has in it; encrypted binaries are wrapped in JSON."""


@dataclass(frozen=True, slots=True)
class Encrypted:
    """Something to decrypt, with the types (``yaml``, ``json``, ``dotenv``, ``ini``, ``binary``) it has and gets."""

    content: bytes
    input_type: str
    output_type: str


def encrypted_sources(tree: Tree, folder: str) -> dict[str, Encrypted]:
    """Every encrypted file by path that the kustomization in the folder, or one below it, makes Secrets or patches of.

    Raises:
        ManifestError: a kustomization cannot be read, or a file is larger than ``MAX_SIZE``.
    """
    found: dict[str, Encrypted] = {}
    waiting, seen = [folder], set()
    while waiting:
        current = waiting.pop()
        content = None if current in seen else tree.kustomization(current)
        seen.add(current)
        if content is None:
            continue
        for path, file_type in _sources(content):
            place = None if is_remote(path) else resolve(current, path)
            if place is not None and place in tree.files and _MARKS[file_type] in tree.files[place]:
                found.setdefault(place, Encrypted(_bounded(tree.files[place], place), file_type, file_type))
        for key in ("resources", "components", "bases"):
            places = (resolve(current, path) for path in _texts(content.get(key)) if not is_remote(path))
            waiting.extend(place for place in places if place is not None and tree.has_folder(place))
    return found


def is_encrypted(body: Body) -> bool:
    """Whether SOPS has encrypted the object as a whole."""
    metadata = body.get("sops")
    return isinstance(metadata, Mapping) and bool(metadata.get("mac"))


def must_not_be_applied(body: Body) -> bool:
    """Whether this is a Secret that is still encrypted and does not say that it is meant to be."""
    return body["apiVersion"] == "v1" and body["kind"] == "Secret" and "sops" in body and not opts_out(body)


def opts_out(body: Body) -> bool:
    """Whether the object asks to be left encrypted."""
    annotations = body["metadata"].get("annotations") or {}
    return str(annotations.get(OPT_OUT, "")).casefold() == "disabled"


def encrypted_values(resource: Resource) -> dict[str, Encrypted]:
    """The values in a Secret's ``data``, by key, that are encrypted files, as a generator makes them.

    Raises:
        ManifestError: one is larger than ``MAX_SIZE``.
    """
    data = resource.body.get("data")
    if resource.id.kind != "Secret" or not isinstance(data, Mapping):
        return {}
    found: dict[str, Encrypted] = {}
    for key, value in data.items():
        try:
            content = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
        except (binascii.Error, ValueError):
            # The API server says it better.
            continue
        input_type = next((name for name, mark in _MARKS.items() if mark in content), None)
        if input_type is not None:
            found[key] = Encrypted(_bounded(content, f"{resource}, data.{key}"), input_type, type_of(key))
    return found


def type_of(path: str) -> str:
    """The type that a file's name tells; ``binary`` where it tells none."""
    return next((name for suffix, name in _SUFFIXES.items() if path.endswith(suffix)), "binary")


def _sources(kustomization: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Path and type of each file that may be encrypted."""
    for generator in _mappings(kustomization.get("secretGenerator")):
        for entry in _texts(generator.get("files")):
            key, separator, path = entry.partition("=")
            yield (path if separator else key), type_of(key)
        for path in (*_texts(generator.get("envs")), *_texts([generator.get("env")])):
            file_type = type_of(path)
            yield path, "dotenv" if file_type == "binary" else file_type
    for patch in _mappings(kustomization.get("patches")):
        for path in _texts([patch.get("path")]):
            yield path, type_of(path)


def _bounded(content: bytes, what: str) -> bytes:
    if len(content) > MAX_SIZE:
        raise ManifestError(
            f"{what}: an encrypted file of {len(content)} bytes; at most {MAX_SIZE} are decrypted",
            hint="split it",
        )
    return content


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    return (item for item in value if isinstance(item, Mapping)) if isinstance(value, list) else iter(())


def _texts(value: object) -> Iterator[str]:
    return (item for item in value if isinstance(item, str) and item) if isinstance(value, list) else iter(())
