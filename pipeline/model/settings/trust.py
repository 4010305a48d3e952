"""What the command line says about trust."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.model.trust.policy import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustOptions:
    """Whom to believe, as options or variables say it; all that names a file is a path.

    Keys and identities take the place of those of the policy document, whose rules stay in force. ``offline`` takes
    the trusted root from the cache and asks nobody.
    """

    keys: tuple[str, ...] = ()
    identities: tuple[Identity, ...] = ()
    trusted_root: str = ""
    tuf_url: str = ""
    tuf_root: str = ""
    offline: bool = False
    ignores_log: bool = False
    policy_file: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nobody was named, nor a document that could."""
        return not (self.keys or self.identities or self.policy_file)
