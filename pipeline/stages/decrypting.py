"""Decrypting: the files that a kustomization reads, before it is built, and the objects that come out of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace

from pipeline.errors import ManifestError, ToolError
from pipeline.model.documents.yaml_reading import read_manifests
from pipeline.model.documents.yaml_writing import canonical_json
from pipeline.model.kustomizing.encryption import (
    Encrypted,
    encrypted_sources,
    encrypted_values,
    is_encrypted,
    must_not_be_applied,
    opts_out,
)
from pipeline.model.kustomizing.tree import Tree
from pipeline.model.manifests import Resource
from pipeline.ports import Decryptor


def decrypt_sources(files: Mapping[str, bytes], folder: str, decryptor: Decryptor) -> Mapping[str, bytes]:
    """The files with those in plain that Secrets and patches are made of.

    Raises:
        ManifestError: a kustomization cannot be read, or an encrypted file is too large.
        ToolError: a file cannot be decrypted; it is named.
    """
    found = encrypted_sources(Tree(files), folder)
    return {**files, **{path: _decrypt(encrypted, path, decryptor) for path, encrypted in found.items()}}


def decrypt_object(resource: Resource, decryptor: Decryptor | None) -> Resource:
    """The object in plain.

    Raises:
        ManifestError: it is an encrypted Secret and there is no decryptor.
        ToolError: it cannot be decrypted; it is named.
    """
    body = resource.body
    if decryptor is not None and not opts_out(body):
        if is_encrypted(body):
            encrypted = Encrypted(canonical_json(body), "json", "json")
            (plain,) = read_manifests(_decrypt(encrypted, str(resource), decryptor), f"{resource.id} (decrypted)")
            return replace(plain, origin=resource.origin)
        values = encrypted_values(resource)
        if values:
            data = {key: _encoded(value, f"{resource}, data.{key}", decryptor) for key, value in values.items()}
            return replace(resource, body={**body, "data": {**body["data"], **data}})
    if must_not_be_applied(body):
        raise ManifestError(
            f"{resource} is encrypted with SOPS and would be applied as it is",
            hint="set spec.decryption with a Secret that holds the key",
            code="manifest.encrypted",
        )
    return resource


def _encoded(encrypted: Encrypted, what: str, decryptor: Decryptor) -> str:
    return base64.b64encode(_decrypt(encrypted, what, decryptor)).decode()


def _decrypt(encrypted: Encrypted, what: str, decryptor: Decryptor) -> bytes:
    try:
        return decryptor.decrypt(encrypted.content, input_type=encrypted.input_type, output_type=encrypted.output_type)
    except ToolError as error:
        raise ToolError(f"{what}: {error.message}", hint=error.hint, code=error.code) from None
