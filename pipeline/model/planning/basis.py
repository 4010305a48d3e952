"""What a plan was made for and against: exactly what must still be so when it is applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from pipeline.model.applying.guards import Guards
from pipeline.model.applying.inventory import Inventory
from pipeline.model.applying.live_plan import LiveState
from pipeline.model.applying.options import ApplyOptions
from pipeline.model.manifests import ObjectId
from pipeline.model.trust.evidence import VerifiedSignature

OPTIONS: Final = MappingProxyType(
    {
        "prune": "prune",
        "forceConflicts": "force_conflicts",
        "recreate": "recreate",
        "takeOwnership": "take_ownership",
        "allowRollback": "allow_rollback",
    }
)
"""The decisions of :class:`ApplyOptions` that a plan holds, by their names in its document; all of them yes or no."""


@dataclass(frozen=True, slots=True)
class SignerName:
    """Who signed, in a form that does not depend on where a key's file lies."""

    text: str
    """For people: the key's file and fingerprint, or the certificate's subject and issuer."""
    fingerprint: str = ""
    identity: str = ""
    issuer: str = ""

    @classmethod
    def of(cls, signature: VerifiedSignature) -> SignerName:
        """The signature's maker."""
        if signature.identity is None:
            return cls(signature.signer, signature.fingerprint)
        return cls(signature.signer, "", signature.identity.subject, signature.identity.issuer)

    @property
    def key(self) -> tuple[str, str, str]:
        """What is compared."""
        return self.fingerprint, self.identity, self.issuer

    def document(self) -> dict[str, str]:
        """As JSON."""
        sides = {"keyFingerprint": self.fingerprint, "identity": self.identity, "issuer": self.issuer}
        return {"signer": self.text} | {key: value for key, value in sides.items() if value}


def signers_of(signatures: Iterable[VerifiedSignature]) -> tuple[SignerName, ...]:
    """Everybody who signed, once each, sorted."""
    names = {SignerName.of(signature).key: SignerName.of(signature) for signature in signatures}
    return tuple(names[key] for key in sorted(names))


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a plan against a cluster rests on.

    Attributes:
        context: how the user named the cluster.
        cluster_uid: of the Namespace kube-system, which is the same for as long as the cluster lives; empty where it
            may not be read.
        namespace: of the inventory, and where objects go that name none.
        inventory: its name.
        inventory_version: its resource version; empty where there was none.
        inventory_digest: what it said was applied.
        options: yes or no by the keys of :data:`OPTIONS`.
        guards: what was not to be deleted, and what of it was overridden.
        verified: whether signatures were verified.
        signers: who signed, by the policy that the plan was made under; empty where nothing was verified.
        live: the live objects that are to be configured, recreated or pruned.
    """

    context: str
    cluster_uid: str
    namespace: str
    inventory: str
    inventory_version: str
    inventory_digest: str = ""
    options: Mapping[str, bool] = field(default_factory=dict, hash=False)
    guards: Guards = field(default_factory=Guards)
    verified: bool = False
    signers: tuple[SignerName, ...] = ()
    live: Mapping[ObjectId, LiveState] = field(default_factory=dict, hash=False)

    def document(self) -> dict[str, Any]:
        """As JSON, without the live objects, which stand beside their changes."""
        return {
            "cluster": {"context": self.context, "uid": self.cluster_uid},
            "inventory": {
                "namespace": self.namespace,
                "name": self.inventory,
                "resourceVersion": self.inventory_version,
                "digest": self.inventory_digest,
            },
            "options": dict(self.options),
            "guards": {
                "maxPrune": str(self.guards.max_prune),
                "protect": list(self.guards.protected),
                "overrides": list(self.guards.overrides),
            },
            "trust": {"verified": self.verified, "signers": [signer.document() for signer in self.signers]},
        }


def options_document(options: ApplyOptions) -> dict[str, bool]:
    """The decisions that a plan holds."""
    return {key: bool(getattr(options, attribute)) for key, attribute in OPTIONS.items()}


def apply_options(basis: Basis) -> ApplyOptions:
    """The decisions of a plan as those of the apply that carries it out; what it does not say keeps its default."""
    decided: dict[str, Any] = {
        attribute: basis.options[key] for key, attribute in OPTIONS.items() if key in basis.options
    }
    return ApplyOptions(inventory=basis.inventory, namespace=basis.namespace, guards=basis.guards, **decided)


def inventory_version(inventory: Inventory | None) -> tuple[str, str]:
    """Resource version and applied digest; both empty where there is no inventory yet."""
    return ("", "") if inventory is None else (inventory.resource_version, inventory.digest)
