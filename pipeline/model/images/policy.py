"""Which tag of an image is the one to run, as Flux's ``ImagePolicy`` says it.

Fields and defaults: ``image.toolkit.fluxcd.io/v1``, ``ImagePolicy`` and the ``ImageRepository`` that it refers to.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pipeline.model.artifact.versions import VersionRange
from pipeline.model.attestation.image_names import ImageName, parse_image_name

DEFAULT_NAMESPACE: Final = "default"
"""Where nothing says in which namespace a policy is."""
DEFAULT_EXCLUSIONS: Final = (r"^.*\.sig$",)
"""What an ``ImageRepository`` leaves out where it does not say so itself."""


class Reflection(StrEnum):
    """Whether the digest of the chosen tag is written beside it (``digestReflectionPolicy``)."""

    NEVER = "Never"
    IF_NOT_PRESENT = "IfNotPresent"
    """Once for each tag: a tag that moves afterwards changes nothing."""
    ALWAYS = "Always"


class Order(StrEnum):
    """By what tags are compared."""

    SEMVER = "semver"
    ALPHABETICAL = "alphabetical"
    NUMERICAL = "numerical"


@dataclass(frozen=True, slots=True)
class TagRule:
    """What makes a tag the newest: the highest version in a range, or the last in an order.

    Attributes:
        order: by what tags are compared.
        text: the range as it was written; empty for the other orders.
        versions: the range, where there is one.
        is_descending: whether the smallest counts as the last.
    """

    order: Order
    text: str = ""
    versions: VersionRange | None = None
    is_descending: bool = False

    def __str__(self) -> str:
        if self.order is Order.SEMVER:
            return f"semver {self.text}"
        return f"{self.order} {'desc' if self.is_descending else 'asc'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePolicy:
    """One policy with the repository that it chooses from.

    Attributes:
        image: the repository as it was written, without tag: what setters write.
        namespace: empty where the document says none.
        pattern: RE2; only tags in which it is found count; empty: all of them.
        extract: Go's template over the pattern's groups; empty: tags are compared as they are.
        exclusions: RE2; tags in which one of them is found never count.
        place: where it was read, for messages.
    """

    name: str
    image: str
    rule: TagRule
    namespace: str = ""
    pattern: str = ""
    extract: str = ""
    exclusions: tuple[str, ...] = DEFAULT_EXCLUSIONS
    reflection: Reflection = Reflection.NEVER
    place: str = ""

    @property
    def key(self) -> str:
        """``NAMESPACE:NAME``, as markers name it."""
        return f"{self.namespace or DEFAULT_NAMESPACE}:{self.name}"

    @property
    def repository(self) -> ImageName:
        """Where its tags are; the policy's reader has seen that it can be read."""
        found = parse_image_name(self.image)
        assert found is not None  # noqa: S101 - see above
        return found

    def __str__(self) -> str:
        return f"ImagePolicy {self.namespace or DEFAULT_NAMESPACE}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenImage:
    """What a policy chose.

    Attributes:
        tag: the newest that it allows.
        digest: what the tag points at now.
        passing: every tag that it allows.
    """

    policy: ImagePolicy
    tag: str
    digest: str
    passing: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """Name and tag."""
        return f"{self.policy.image}:{self.tag}"
