"""``gitless validate``."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

import click

from pipeline.cli import completing
from pipeline.cli.options import argument, option, registry_options
from pipeline.cli.report_context import validated
from pipeline.cli.sides import read_side
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import ManifestError, UsageError
from pipeline.model.artifact.reference import is_reference
from pipeline.model.images.lock import LOCK_FILE
from pipeline.model.manifests import Manifests
from pipeline.model.outcome.diff import Side
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions
from pipeline.model.settings.images import ImagesSettings
from pipeline.model.settings.sources import Source
from pipeline.model.validation.finding import Severity
from pipeline.model.validation.options import GATES, ValidationOptions
from pipeline.ports import Places

_SETTINGS = Path("gitless.yaml")
_STDIN = "-"
_SEVERITIES = ("error", "warning", "note", "off")


@click.command()
@argument(
    "path", envvar="path", metavar="PATH", type=click.Path(allow_dash=True), required=False,
    shell_complete=completing.artifacts_or_paths,
)  # fmt: skip
@option("-f", "--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
        help="Settings whose 'validation' is used; gitless.yaml where there is one.")  # fmt: skip
@option("--target", shell_complete=completing.targets,
        help="Whose sources of the settings file, where no PATH is named.")  # fmt: skip
@option("--gate", "gates", type=click.Choice(GATES), multiple=True,
        help="Run only this gate; repeatable. Otherwise schema, cel and lint, and those with policies.")  # fmt: skip
@option("--kubernetes", metavar="VERSION",
        help="The target's version or a range of them, such as 1.33-1.35; the newest known.")  # fmt: skip
@option("--crd", "crds", multiple=True, metavar="PATH",
        help="File or folder with CustomResourceDefinitions, or 'cluster' to ask it; repeatable.")  # fmt: skip
@option("--policy", "policies", multiple=True, metavar="PATH",
        help="File or folder with ValidatingAdmissionPolicies, bindings and params; repeatable.")  # fmt: skip
@option("--kyverno", multiple=True, metavar="PATH", help="File or folder with Kyverno policies; repeatable.")
@option("--opa", multiple=True, metavar="PATH", help="File or folder with Rego; repeatable.")
@option("--previous", metavar="PATH", shell_complete=completing.artifacts_or_paths,
        help="Artifact or folder that came before: fields that cannot be changed are told.")  # fmt: skip
@option("--rule", "rules", multiple=True, metavar="ID=SEVERITY",
        help="error, warning, note or off for a rule; repeatable.")  # fmt: skip
@click.option("--list-rules", is_flag=True, is_eager=True, expose_value=False,
              callback=lambda context, _, wanted: _list_rules(context) if wanted else None,
              help="List gitless's own rules with their severities, and end.")  # fmt: skip
@option("--kubeconfig", type=click.Path(), metavar="FILE", help="Kubeconfig file, for --crd cluster.")
@option("--context", shell_complete=completing.contexts, help="Context of the kubeconfig, for --crd cluster.")
@registry_options
@talking("text", "json", "markdown", "sarif", "junit", "html", reports=True)
def command(
    *, path: str | None, file: Path | None, target: str | None, gates: tuple[str, ...], kubernetes: str | None,
    crds: tuple[str, ...], policies: tuple[str, ...], kyverno: tuple[str, ...], opa: tuple[str, ...],
    previous: str | None, rules: tuple[str, ...], kubeconfig: str | None, context: str | None,
    registry_options: RegistryOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Hold manifests against schemas, CEL rules, policies and our own lint; 9 is the exit code where an error remains.

    PATH is a folder or file (built first), an artifact (only read: verify it to trust it), or - for standard input;
    without one, the sources of the settings file. Nothing is asked of any cluster unless --crd cluster says so. What
    options name takes the place of what the settings name.

    \b
    gitless validate deploy/ --kubernetes 1.33-1.35
    gitless validate oci://ghcr.io/acme/shop:1.1 --previous oci://ghcr.io/acme/shop:production
    helm template ./chart | gitless validate - --crd crds/ --rule image-digest=off
    gitless validate --report findings.sarif --report findings.xml
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.validating import Surroundings, validate_manifests

    settings = _Settings.read(file, target, terminal)
    given = ValidationOptions(
        gates=gates, kubernetes=kubernetes or "", crds=crds, policies=policies, kyverno=kyverno, opa=opa,
        previous=previous or "", severities=dict(map(_rule, rules)),
    )  # fmt: skip
    options = settings.validation.overridden_by(given)
    manifests, subject, places = _subject(path, settings, registry_options, terminal)
    around = Surroundings(
        registry=registry_options,
        environment=os.environ,
        reporter=terminal.reporter,
        cluster=lambda: wiring.cluster(ClusterOptions(kubeconfig, context), os.environ, terminal.reporter),
    )
    result = validate_manifests(manifests, options, around, subject=subject, places=places)
    terminal.print_result(result, validated(result, manifests, terminal))
    if not result.is_passed:
        raise result.refusal()


@dataclass(frozen=True, slots=True)
class _Settings:
    """What the settings file says; nothing where there is none."""

    file: Path | None = None
    sources: tuple[Source, ...] = ()
    validation: ValidationOptions = field(default_factory=ValidationOptions)
    images: ImagesSettings = field(default_factory=lambda: ImagesSettings(lock=LOCK_FILE))
    targets: tuple[str, ...] = ()

    @classmethod
    def read(cls, file: Path | None, target: str | None, terminal: Terminal) -> _Settings:
        if file is None and not _SETTINGS.is_file():
            if target is not None:
                raise UsageError("--target names a target of a settings file, and there is none", hint="give --file")
            return cls()
        from pipeline.config import load_settings
        from pipeline.model.settings.overrides import choose_target

        chosen = file or _SETTINGS
        settings = load_settings(chosen)
        if file is None:
            terminal.reporter.detail(f"settings of {chosen} are used")
        if target is not None or len(settings.targets) == 1:
            settings = settings.for_target(choose_target(settings, target))
        return cls(
            chosen,
            settings.sources,
            settings.validation or ValidationOptions(),
            settings.images,
            tuple(settings.targets),
        )


def _subject(
    path: str | None, settings: _Settings, options: RegistryOptions, terminal: Terminal
) -> tuple[Manifests, Side, Places]:
    """What is to be validated, and where it is written."""
    from pipeline import wiring

    if path is None:
        from pipeline.image_pinning import PinningOptions, pin_build
        from pipeline.stages.build import build

        if not settings.sources:
            hint = f"or --target, one of: {', '.join(settings.targets)}" if settings.targets else None
            what = "there is nothing to validate; name a folder, file or artifact, or - for standard input"
            raise UsageError(what, hint=hint)
        built = build(settings.sources, wiring.renderers(os.environ, terminal.reporter))
        built = pin_build(built, PinningOptions.of(settings.images), options, os.environ, terminal.reporter)
        return built.manifests, Side(name=str(settings.file)), wiring.places(settings.sources)
    if path == _STDIN:
        return _standard_input()
    if not is_reference(path) and not Path(path).exists():
        hint = "expected a folder or file, oci://HOST/REPOSITORY:TAG, oci-layout:FOLDER:TAG, or - for standard input"
        raise UsageError(f"'{path}' does not exist", hint=hint)
    manifests, side = read_side(path, options, terminal)
    artifact = side.artifact
    if artifact is None:
        return manifests, side, wiring.places((Source(Path(path)),))
    from pipeline.stages.fetch import artifact_files

    registry = wiring.registry(artifact.repository, options, os.environ, terminal.reporter)
    return manifests, side, wiring.places_in(lambda: artifact_files(artifact, registry))


def _standard_input() -> tuple[Manifests, Side, Places]:
    from pipeline import wiring
    from pipeline.model.documents.yaml_reading import read_manifests

    content = sys.stdin.buffer.read()
    manifests = Manifests.of(read_manifests(content, "stdin"))
    if not manifests.resources:
        raise ManifestError("stdin: there are no objects in it", code="manifest.empty")
    return manifests, Side(name=_STDIN), wiring.places_in(lambda: {"stdin": content})


def _rule(text: str) -> tuple[str, Severity | None]:
    name, equals, value = text.partition("=")
    if not (name and equals and value in _SEVERITIES):
        raise UsageError(f"--rule '{text}': expected RULE={'|'.join(_SEVERITIES)}")
    return name, None if value == "off" else Severity(value)


def _list_rules(context: click.Context) -> None:
    from pipeline.model.validation.catalogue import all_rules

    for rule in all_rules():
        click.echo(f"{rule.id:<32}{rule.gate:<8}{rule.severity.value:<9}{rule.title}")
    context.exit()
