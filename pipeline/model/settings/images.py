"""What ``gitless.yaml`` says about images."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model.images.fields import ImageField
from pipeline.model.images.policy import ImagePolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagesSettings:
    """Where the lock is, whether every image must be in it, and policies beside those in manifests.

    Attributes:
        lock: the file's path.
        is_named: whether the settings name it: then it must exist.
        fields: where custom resources name images beside those of pods.
    """

    lock: str
    is_named: bool = False
    require: bool = False
    policies: tuple[ImagePolicy, ...] = ()
    fields: tuple[ImageField, ...] = ()
