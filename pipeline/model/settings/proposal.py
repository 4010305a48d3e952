"""A first ``gitless.yaml`` for a folder, from what was found in it; the comments teach what can be changed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.model.documents.yaml_scalars import read_plain

_NOT_A_NAME = re.compile(r"[^a-z0-9]+")
_PLAIN = re.compile(r"\.|[A-Za-z0-9_/][A-Za-z0-9._/-]*")
_ENVIRONMENT_FOLDERS = ("overlays", "environments", "envs", "clusters", "targets")


@dataclass(frozen=True, slots=True)
class FoundSource:
    """A folder, relative to where gitless.yaml will be, and the renderer that recognises it."""

    path: str
    renderer: str


def application_name(folder: str) -> str:
    """A valid name made from a folder's; ``app`` where nothing is left of it."""
    return _NOT_A_NAME.sub("-", folder.lower()).strip("-")[:63].rstrip("-") or "app"


def split_environments(found: Sequence[FoundSource]) -> tuple[tuple[FoundSource, ...], dict[str, FoundSource]]:
    """Sources for every target, and per environment the overlay that belongs to it alone.

    A kustomization below a folder such as ``overlays`` or ``environments`` is an environment's own. Kustomizations
    beside those are taken for the bases that the overlays include, and are not built twice.
    """
    environments = {
        application_name(source.path.rsplit("/", 1)[-1]): source
        for source in found
        if source.renderer == "kustomize" and any(part in _ENVIRONMENT_FOLDERS for part in source.path.split("/")[:-1])
    }
    taken = set(environments.values())
    common = tuple(
        source for source in found if source not in taken and not (environments and source.renderer == "kustomize")
    )
    return common, environments


def propose(name: str, found: Sequence[FoundSource]) -> str:
    """The text of the file."""
    common, environments = split_environments(found)
    lines = [
        "# Everything that gitless does with this application. `gitless run` runs the whole chain;",
        "# `gitless schema` prints what else can stand here.",
        "apiVersion: gitless.dev/v1",
        "kind: Pipeline",
        f"name: {_text(name)}",
        "",
    ]
    if common:
        lines += ["# What is rendered and merged into the artifact.", "sources:", *_source_lines(common, ""), ""]
    lines += [
        "# Where the artifact goes. Tags move only after the signature has been verified.",
        "artifact:",
        f"  repository: oci-layout:.gitless/{name} # a folder to begin with; then oci://HOST/REPOSITORY",
        "  tags: [latest]",
        "",
        "# `gitless keys generate` makes the pair; its password comes from COSIGN_PASSWORD, a file, or a prompt.",
        "signing:",
        "  key: cosign.key",
        "",
        "# Whose signatures `apply` and `verify` accept.",
        "trust:",
        "  keys: [cosign.pub]",
        "",
        "# Where it is applied to: gitless run --target NAME",
        "targets:",
    ]
    named: list[tuple[str, FoundSource | None]] = [*sorted(environments.items())]
    for environment, source in named or [("default", None)]:
        lines.append(f"  {_text(environment)}:")
        if source is not None:
            lines += ["    sources:", *_source_lines((source, *common), "    ")]
            lines += ["    artifact:", f"      tags: [{_text(environment)}]"]
        lines += [
            "    # context: my-cluster   # of the kubeconfig; absent: the current one",
            "    # namespace: my-space   # of the inventory, and of objects that name none",
            "    prune: true",
            "    timeout: 5m",
        ]
    return "\n".join(lines) + "\n"


def _source_lines(sources: Sequence[FoundSource], indent: str) -> list[str]:
    lines = []
    for source in sources:
        lines.append(f"{indent}  - path: {_text(source.path)} # {source.renderer}")
        if source.renderer == "helm":
            lines += [
                f"{indent}    helm:",
                f"{indent}      release: {_text(application_name(source.path.rsplit('/', 1)[-1]))}",
            ]
    return lines


def _text(text: str) -> str:
    """In double quotes where YAML would read something else, as it does ``n``, ``on`` and ``007``."""
    return text if _PLAIN.fullmatch(text) and read_plain(text) == text else json.dumps(text)
