"""Helm charts, by the real ``helm template`` of Helm 3 or 4."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath

from pipeline.errors import ManifestError, ToolError, UsageError
from pipeline.model.attestation.materials import Material
from pipeline.model.manifests import Origin, Resource
from pipeline.model.settings.sources import Source
from pipeline.ports import Environment, Reporter

CHART_FILE = "Chart.yaml"
HOOK = "helm.sh/hook"
_NEVER_APPLIED = frozenset(
    ("pre-delete", "post-delete", "pre-rollback", "post-rollback", "test", "test-success", "test-failure")
)
_SOURCE = re.compile(rb"^---\n# Source: (.+)\n", re.MULTILINE)
_ARCHIVE = re.compile(r"(?P<name>.+?)-v?[0-9]+\.[0-9]+.*\.tgz")


class HelmRenderer:
    """Renders a chart's folder or packed chart without a cluster."""

    name = "helm"

    def __init__(self, environment: Environment, reporter: Reporter) -> None:
        self._environment = environment
        self._reporter = reporter

    def recognises(self, folder: PurePath) -> bool:
        """Whether it is a chart's folder or a packed chart (``.tgz``)."""
        path = Path(folder)
        return (path / CHART_FILE).is_file() or (path.suffix == ".tgz" and path.is_file())

    def render(self, source: Source) -> Sequence[Resource]:
        """Render the chart; each object's origin is the chart and its template.

        Hooks are objects like any other, as nothing but Helm runs them at their moment; those for deletion, rollback
        and tests are left out, since they must not run at an apply.

        Raises:
            ToolError: helm is missing or refuses the chart or the values.
            ManifestError: a template renders to something that is no Kubernetes object.
            UsageError: there is no chart.
        """
        from pipeline.command import find_tool, start

        path = Path(source.path)
        chart = _chart_name(path)
        argv = [str(find_tool("helm", self._environment)), "template", *_arguments(source, chart)]
        try:
            with start(argv, environment=self._environment) as running:
                # Imported while helm runs, for that costs no time.
                from pipeline.model.documents.yaml_reading import read_manifests

                output = running.finish()
        except ToolError as error:
            raise ToolError(
                f"{path}: {error.message}", hint=error.hint or _hint(error, path), code=error.code
            ) from None
        for line in output.stderr.splitlines():
            self._reporter.warn(f"{path}: helm: {line}")
        rendered = [
            replace(resource, origin=Origin(template, chart=chart))
            for template, content in _templates(output.stdout, path)
            for resource in read_manifests(content, f"chart {chart}, {template} (rendered)")
        ]
        return self._without_hooks_for_other_moments(rendered)

    def materials(self, source: Source) -> Sequence[Material]:
        """The chart, its dependencies with versions, repositories and (of packed ones) digests, and its lock."""
        from pipeline.renderers.helm_materials import chart_materials

        return tuple(chart_materials(Path(source.path)))

    def _without_hooks_for_other_moments(self, rendered: Sequence[Resource]) -> list[Resource]:
        kept: list[Resource] = []
        for resource in rendered:
            moments = _hook_moments(resource)
            if moments and moments <= _NEVER_APPLIED:
                self._reporter.detail(f"{resource} is left out: a hook for {', '.join(sorted(moments))}")
                continue
            if moments:
                self._reporter.warn(
                    f"{resource} is a Helm hook ({', '.join(sorted(moments))}); it is applied like any other object"
                )
            kept.append(resource)
        return kept


def _arguments(source: Source, chart: str) -> Iterator[str]:
    options = source.helm
    yield options.release or chart
    yield str(source.path)
    # Always given: helm would otherwise take the namespace of whatever context the user's kubeconfig is at.
    yield f"--namespace={options.namespace or 'default'}"
    yield "--skip-tests"
    if options.include_crds:
        yield "--include-crds"
    if options.kube_version:
        yield f"--kube-version={options.kube_version}"
    yield from (f"--api-versions={version}" for version in options.api_versions)
    yield from (f"--values={_csv(name)}" for name in options.values_files)
    yield from (f"--set={assignment}" for assignment in options.set_values)


def _csv(name: str) -> str:
    """Helm splits the names of values files at commas unless they are quoted as in CSV."""
    return '"' + name.replace('"', '""') + '"' if "," in name or '"' in name else name


def _chart_name(path: Path) -> str:
    if path.suffix == ".tgz" and path.is_file():
        archive = _ARCHIVE.fullmatch(path.name)
        return archive["name"] if archive else path.stem
    file = path / CHART_FILE
    if not file.is_file():
        raise UsageError(
            f"{path} is no Helm chart", hint=f"expected a folder with {CHART_FILE}, or a packed chart .tgz"
        )
    from pipeline.model.documents.yaml_reading import read_documents

    body = next((body for body, _ in read_documents(file.read_bytes(), str(file))), None)
    name = body.get("name") if isinstance(body, Mapping) else None
    if not isinstance(name, str) or not name:
        raise ManifestError(f"{file}:1:1: the chart has no name; expected 'name: <text>'")
    return name


def _templates(output: bytes, chart: Path) -> Iterator[tuple[str, bytes]]:
    """What each template has rendered, by the template's path as the user can open it."""
    marks = list(_SOURCE.finditer(output))
    begins = [mark.start() for mark in marks] + [len(output)]
    if output[: begins[0]].strip():
        yield str(chart), output[: begins[0]]
    for mark, end in zip(marks, begins[1:], strict=True):
        _, _, below = mark[1].decode(errors="replace").partition("/")
        yield (chart / below).as_posix(), output[mark.end() : end]


def _hook_moments(resource: Resource) -> set[str]:
    annotations = resource.body["metadata"].get("annotations") or {}
    return {moment.strip() for moment in (annotations.get(HOOK) or "").split(",") if moment.strip()}


def _hint(error: ToolError, path: Path) -> str | None:
    if "missing in charts/" in error.message:
        return f"fetch the chart's dependencies first: helm dependency build {path}"
    if "kubeVersion" in error.message:
        return "say which Kubernetes the chart will run on: --kube-version, or helm.kubeVersion in gitless.yaml"
    return None
