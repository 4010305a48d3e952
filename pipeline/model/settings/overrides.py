"""What the command line says beside ``gitless.yaml``: the option wins, field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace

from pipeline.errors import UsageError
from pipeline.model.applying.inventory import check_inventory_name
from pipeline.model.artifact.reference import check_tag, parse_reference
from pipeline.model.settings.guards import GuardSettings
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.settings.values import ArtifactSettings, Settings, TargetSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """Everything that ``gitless run`` lets an option replace; ``None`` and empty leave the file's word."""

    repository: str | None = None
    tags: tuple[str, ...] = ()
    annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    source: str | None = None
    revision: str | None = None
    signing: SigningOptions = field(default_factory=SigningOptions)
    inventory: str | None = None
    prune: bool | None = None
    wait: bool | None = None
    timeout: float | None = None
    force_conflicts: bool | None = None
    recreate: bool | None = None
    take_ownership: bool | None = None
    allow_rollback: bool | None = None
    guards: GuardSettings = field(default_factory=GuardSettings)

    def of_target(self, target: TargetSettings) -> TargetSettings:
        """The target with what was given."""
        own = {entry.name for entry in fields(TargetSettings)}
        mine = {entry.name: getattr(self, entry.name) for entry in fields(self) if entry.name in own}
        mine["guards"] = self.guards.over(target.guards)
        return replace(target, **{name: value for name, value in mine.items() if value is not None})

    def of_settings(self, settings: Settings) -> Settings:
        """The settings, already those of a target, with what was given."""
        artifact = settings.artifact
        return replace(
            settings,
            signing=self._signing(settings.signing),
            artifact=ArtifactSettings(
                repository=self.repository or artifact.repository,
                tags=self.tags or artifact.tags,
                annotations={**artifact.annotations, **self.annotations},
                source=self.source or artifact.source,
                revision=self.revision or artifact.revision,
            ),
        )

    def _signing(self, kept: SigningOptions | None) -> SigningOptions | None:
        """Who signs is said as a whole; files that only help with it, one by one."""
        given = {entry.name: getattr(self.signing, entry.name) for entry in fields(SigningOptions)}
        changed = {name: value for name, value in given.items() if value != getattr(SigningOptions(), name)}
        if self.signing:
            changed |= {"key": self.signing.key, "keyless": self.signing.keyless}
        if self.signing.keyless:
            changed["format"] = SigningOptions().format  # the only one that can be made without a key
        return replace(kept or SigningOptions(), **changed) if kept or self.signing else None


def choose_target(settings: Settings, name: str | None) -> TargetSettings:
    """The named target; without a name the only one, or one without any wishes where the file has none.

    Raises:
        UsageError: there is no such target, or several and none was named.
    """
    known = ", ".join(settings.targets) or "none"
    if name is None:
        if len(settings.targets) > 1:
            raise UsageError(f"{settings.file} has several targets; choose one with --target: {known}")
        return next(iter(settings.targets.values()), TargetSettings(name="", inventory=settings.name))
    if name not in settings.targets:
        raise UsageError(f"{settings.file} has no target '{name}'; it has: {known}")
    return settings.targets[name]


def check_names(settings: Settings, target: TargetSettings) -> None:
    """Refuse names that only a late stage would stumble over, when the artifact is pushed already.

    Raises:
        UsageError: a tag, the repository or the inventory is none.
    """
    for tag in settings.artifact.tags:
        check_tag(tag)
    if settings.artifact.repository:
        named = parse_reference(settings.artifact.repository)
        if named.tag or named.digest:
            raise UsageError(
                f"'{settings.artifact.repository}' names one artifact; expected a repository",
                hint=f"say {named.repository}, and give the tag as --tag or in artifact.tags",
            )
    if target.inventory:
        check_inventory_name(target.inventory)


def parse_annotations(pairs: Sequence[str]) -> dict[str, str]:
    """``KEY=VALUE`` texts as a mapping; values may hold ``=``.

    Raises:
        UsageError: one has no key or no ``=``.
    """
    split = [pair.partition("=") for pair in pairs]
    for pair, (key, equals, _) in zip(pairs, split, strict=True):
        if not (key and equals):
            raise UsageError(f"--annotation '{pair}': expected KEY=VALUE")
    return {key: value for key, _, value in split}
