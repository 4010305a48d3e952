"""What the options of ``gitless run`` replace in ``gitless.yaml``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any

from pipeline.cli import completing
from pipeline.cli.options import Decorated, Duration, option, options_of, with_options
from pipeline.cli.signing_options import signing_options
from pipeline.model.settings.signing import SigningOptions

_artifact_options = options_of(
    option("--repository", help="Publish to this oci:// or oci-layout: repository instead of the file's."),
    option("--tag", "tags", multiple=True, help="Move this tag instead of the file's; repeatable."),
    option("-a", "--annotation", "annotations", multiple=True, metavar="KEY=VALUE",
           help="Add an annotation; repeatable."),
    option("--source", help="Source to record instead of the detected one."),
    option("--revision", help="Revision to record instead of the detected one."),
)  # fmt: skip
_target_options = options_of(
    option("--inventory", shell_complete=completing.inventories, help="Name of the inventory instead of the file's."),
    option("--prune/--no-prune", default=None, help="Delete what is gone from the artifact, or not."),
    option("--wait/--no-wait", default=None, help="Let verify wait until everything is healthy, or not."),
    option("--timeout", type=Duration(), metavar="DURATION", help="How long apply and verify may take, such as 5m."),
    option("--force-conflicts", is_flag=True, default=None, help="Take over fields that other managers own."),
    option("--recreate", is_flag=True, default=None, help="Delete and create objects whose immutable fields change."),
    option("--take-ownership", is_flag=True, default=None,
           help="Take over objects of other inventories, Flux or Helm."),
    option("--allow-rollback", is_flag=True, default=None, help="Apply what was signed before the recorded artifact."),
)  # fmt: skip


def override_options(command: Decorated) -> Callable[..., Any]:
    """Of the artifact, its signature and the target; the command receives ``overrides: Overrides``, without guards."""

    def wrapped(
        *,
        annotations: tuple[str, ...],
        signing: SigningOptions,
        **arguments: Any,  # noqa: ANN401 - the other fields of Overrides, and the command's other options
    ) -> Any:  # noqa: ANN401 - whatever the command returns
        from pipeline.model.settings.overrides import Overrides, parse_annotations

        given = {entry.name: arguments.pop(entry.name) for entry in fields(Overrides) if entry.name in arguments}
        overrides = Overrides(annotations=parse_annotations(annotations), signing=signing, **given)
        return command(overrides=overrides, **arguments)

    of_target = _target_options(with_options((), wrapped, command))
    of_signing = signing_options(key="--signing-key", required=False, formats=False, roots=False)(of_target)
    return _artifact_options(of_signing)
