"""Kustomizations and stand-ins for what renders and decrypts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import ToolError
from pipeline.model.flux.kustomization import KustomizationSpec, read_kustomization
from pipeline.ports import Decryptor, TreeBuilder
from pipeline.stages.render_kustomization import RenderedKustomization, RenderRequest, render_kustomization

CONFIG_MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\n"


def spec_of(**fields: Any) -> KustomizationSpec:  # noqa: ANN401 - whatever a spec may hold
    source = {"kind": "OCIRepository", "name": "app"}
    return read_kustomization({"spec": {"sourceRef": source, "interval": "1m", "prune": True, **fields}})


@dataclass
class FakeTrees:
    """Answers with prepared YAML and remembers what it was asked."""

    answer: bytes = b""
    error: ToolError | None = None
    asked: list[tuple[Mapping[str, bytes], str]] = field(default_factory=list)

    def build(self, files: Mapping[str, bytes], path: str) -> bytes:
        self.asked.append((files, path))
        if self.error:
            raise self.error
        return self.answer


class FakeDecryptor:
    """Takes the word ENC away, and the metadata of objects."""

    def decrypt(self, content: bytes, *, input_type: str, output_type: str) -> bytes:
        if b"locked" in content:
            raise ToolError("no key at hand opens it")
        if input_type == "json":
            body = json.loads(content.replace(b"ENC ", b""))
            del body["sops"]
            return json.dumps(body).encode()
        return content.replace(b"ENC ", b"").partition(b"sops")[0] + f"# {output_type}\n".encode()


def render(
    files: Mapping[str, str],
    *,
    trees: TreeBuilder | None = None,
    decryptor: Decryptor | None = None,
    variables: Mapping[str, str] | None = None,
    strict: bool = True,
    **fields: Any,  # noqa: ANN401 - whatever a spec may hold
) -> RenderedKustomization:
    request = RenderRequest(
        spec=spec_of(**fields),
        name="app",
        namespace="apps",
        files={path: text.encode() for path, text in files.items()},
        variables=variables,
        strict=strict,
    )
    return render_kustomization(request, trees=trees or FakeTrees(), decryptor=decryptor)


def names(rendered: RenderedKustomization) -> list[str]:
    return [str(resource.id) for resource in rendered.manifests]
