"""Whether, where and by whom deploy records are written and read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.model.settings.signing import SigningOptions
from pipeline.model.settings.trust import TrustOptions
from pipeline.model.trust.policy import UnsafeSkipVerification

DEFAULT_KEEP = 20
"""Records of one inventory that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingOptions:
    """How an apply is recorded; nothing is without a cluster's name.

    Attributes:
        cluster: the name that the deployment has for its cluster.
        repository: where records are kept; empty: beside the artifact.
        registry_config: docker's configuration with the login for that repository; empty: whatever there is anyway.
        keep: how many records of the inventory stay.
        signing: who signs them; empty: whoever signs artifacts.
    """

    cluster: str = ""
    repository: str = ""
    registry_config: str = ""
    keep: int = DEFAULT_KEEP
    signing: SigningOptions = field(default_factory=SigningOptions)

    def __bool__(self) -> bool:
        return bool(self.cluster)

    def over(self, kept: RecordingOptions) -> RecordingOptions:
        """These where they say something, and else the other ones."""
        return RecordingOptions(
            cluster=self.cluster or kept.cluster,
            repository=self.repository or kept.repository,
            registry_config=self.registry_config or kept.registry_config,
            keep=kept.keep if self.keep == DEFAULT_KEEP else self.keep,
            signing=self.signing or kept.signing,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReading:
    """How records are read, as options say it.

    Attributes:
        repository: where they are; empty: as the settings file says, or else beside the artifact in question.
        registry_config: docker's configuration with the login for it.
        settings: a settings file whose ``records`` say what options do not; it need not be there.
        trust: whose records are believed.
    """

    repository: str = ""
    registry_config: str = ""
    settings: str = ""
    trust: TrustOptions | UnsafeSkipVerification = field(default_factory=TrustOptions)


def read_recording(
    item: Mapping[str, Any], file: Callable[[str], str], signing: Callable[[Mapping[str, Any]], SigningOptions]
) -> RecordingOptions:
    """``deployRecord`` of a target; ``file`` makes paths relative to the settings file's folder."""
    return RecordingOptions(
        cluster=item["cluster"],
        repository=item.get("repository", ""),
        registry_config=file(item.get("registryConfig", "")),
        keep=item.get("keep", DEFAULT_KEEP),
        signing=signing(item["signing"]) if "signing" in item else SigningOptions(),
    )
