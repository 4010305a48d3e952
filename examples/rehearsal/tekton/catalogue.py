"""Every document that a run can refer to, by kind and name."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from examples.rehearsal.tekton.errors import TektonError
from examples.rehearsal.tekton.fields import Fields
from examples.rehearsal.tekton.pipeline_documents import PipelineSpec, read_pipeline
from examples.rehearsal.tekton.task_documents import StepAction, TaskSpec, read_step_action, read_task
from pipeline.errors import PipelineError
from pipeline.model.documents.yaml_reading import read_documents

_VERSIONS = {
    "Task": ("tekton.dev/v1",),
    "Pipeline": ("tekton.dev/v1",),
    "TaskRun": ("tekton.dev/v1",),
    "PipelineRun": ("tekton.dev/v1",),
    # There is no v1 of it.
    "StepAction": ("tekton.dev/v1beta1", "tekton.dev/v1alpha1"),
    "Secret": ("v1",),
    "ConfigMap": ("v1",),
}


@dataclass
class Catalogue:
    """Documents, read when they are first asked for."""

    _documents: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    def load(self, *paths: Path) -> None:
        """Add the documents of files, or of every ``.yaml`` below folders; other kinds are passed over.

        Raises:
            TektonError: a file is no YAML, or a document of a version that there is not.
        """
        for path in paths:
            for file in sorted(path.rglob("*.yaml")) if path.is_dir() else [path]:
                self.load_file(file)

    def load_file(self, file: Path) -> list[tuple[str, str]]:
        """Add the documents of one file; returns their kinds and names.

        Raises:
            TektonError: as for :meth:`load`, or the file cannot be read.
        """
        try:
            content = file.read_bytes()
        except OSError as error:
            raise TektonError(f"{file} cannot be read: {error.strerror}") from error
        return self.load_text(content, str(file))

    def load_text(self, content: bytes, file: str) -> list[tuple[str, str]]:
        """Add the documents of one file; returns their kinds and names."""
        found = []
        try:
            documents = list(read_documents(content, file))
        except PipelineError as error:
            raise TektonError(str(error)) from error
        for document, line in documents:
            if not isinstance(document, dict) or document.get("kind") not in _VERSIONS:
                continue
            found.append(self._add(document, f"{file}:{line}"))
        return found

    def _add(self, document: dict[str, Any], place: str) -> tuple[str, str]:
        kind, version = document["kind"], document.get("apiVersion")
        if version not in _VERSIONS[kind]:
            raise TektonError(f"{place}: {kind} of {version}; expected {' or '.join(_VERSIONS[kind])}")
        metadata = document.get("metadata") or {}
        name = metadata.get("name") or str(metadata.get("generateName", "")).rstrip("-")
        if not name:
            raise TektonError(f"{place}: {kind} without metadata.name")
        self._documents[kind, name] = document
        return kind, name

    def document(self, kind: str, name: str) -> dict[str, Any]:
        """The document as it is written.

        Raises:
            TektonError: there is none.
        """
        try:
            return self._documents[kind, name]
        except KeyError:
            known = ", ".join(sorted(other for found, other in self._documents if found == kind)) or "none"
            raise TektonError(f"there is no {kind} {name}; there is: {known}", reason="CouldntGetTask") from None

    def names(self, kind: str) -> Iterable[str]:
        """Of every document of that kind."""
        return [name for found, name in self._documents if found == kind]

    def task(self, name: str) -> TaskSpec:
        """The Task of that name."""
        return read_task(self._spec("Task", name), name)

    def step_action(self, name: str) -> StepAction:
        """The StepAction of that name."""
        return read_step_action(self._spec("StepAction", name), name)

    def pipeline(self, name: str) -> PipelineSpec:
        """The Pipeline of that name."""
        return read_pipeline(self._spec("Pipeline", name), name)

    def _spec(self, kind: str, name: str) -> Fields:
        return Fields(self.document(kind, name).get("spec"), f"{kind} {name}: spec")

    def data(self, kind: str, name: str) -> Mapping[str, bytes]:
        """What a Secret or ConfigMap holds."""
        document = self.document(kind, name)
        plain = {**(document.get("stringData") or {}), **(document.get("data") or {} if kind == "ConfigMap" else {})}
        found = {key: str(value).encode() for key, value in plain.items()}
        if kind == "Secret":
            encoded = document.get("data") or {}
            found = {key: base64.b64decode(value) for key, value in encoded.items()} | found
        return found
