"""The plan as a file: one JSON document that is read back strictly, and can be attested as it stands.

Its digest is over the canonical JSON of everything else in it, so that white space and the order of keys do not matter
and nothing else can change unseen. It is no signature: who may approve a plan signs it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pipeline.errors import ConfigurationError, RefusedError, TrustError, UsageError
from pipeline.model.applying.guards import Guards
from pipeline.model.applying.inventory import check_inventory_name
from pipeline.model.applying.live_plan import LiveState
from pipeline.model.artifact.reference import PinnedReference, parse_reference
from pipeline.model.documents.printable import printable
from pipeline.model.documents.strict_json import JsonObject, parse_object
from pipeline.model.documents.yaml_writing import canonical_json
from pipeline.model.manifests import ObjectId, group_of
from pipeline.model.outcome import API_VERSION
from pipeline.model.outcome.plan import PlanResult
from pipeline.model.plan import Action
from pipeline.model.planning.basis import OPTIONS, Basis, SignerName
from pipeline.model.settings.guards import GuardSettings

KIND: Final = "SavedPlan"
VERSION: Final = 1
MAX_PLAN_BYTES: Final = 64 * 1024 * 1024
EDITED: Final = "refused.plan-edited"
REACH: Final = ("restarts", "endpointsLost", "dataLost")
"""The parts of a blast radius that name objects."""
_SHOWN = 80
_EXACT = 2**53
"""Below, a double holds every whole number."""
_AGAIN = "make a new one: gitless plan live REFERENCE --save FILE"


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """One object as the plan has it; ``fields`` are the documents of its field changes by their paths."""

    action: Action
    object_id: ObjectId
    api_version: str
    fields: Mapping[str, JsonObject] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedPlan:
    """What was read back.

    Attributes:
        file: where it was, for messages.
        digest: of the plan, by which an approval names it.
        name: of the artifact, as whoever planned gave it; may be a tag.
        artifact: what it leads to; ``None`` for a folder.
        basis: what it rests on; ``None`` where it is no plan against a live cluster.
        changes: everything but the unchanged objects.
        reach: the objects that its blast radius names, by the keys of :data:`REACH`.
        obstacles: how many reasons there were to refuse it already.
    """

    file: str
    digest: str
    name: str
    artifact: PinnedReference | None
    basis: Basis | None
    changes: tuple[PlannedChange, ...]
    reach: Mapping[str, frozenset[str]] = field(default_factory=dict, hash=False)
    obstacles: int = 0

    def require_appliable(self) -> tuple[PinnedReference, Basis]:
        """The artifact and the basis.

        Raises:
            UsageError: the plan is for reading only.
            RefusedError: it was in somebody's way already when it was made.
        """
        if self.artifact is None or self.basis is None:
            raise UsageError(
                f"{self.file} is a plan to read: only one that leads from live to an artifact can be applied",
                hint="publish what it leads to, and plan again: gitless plan live REFERENCE --save FILE",
            )
        if self.obstacles:
            many = "s" if self.obstacles > 1 else ""
            raise RefusedError(
                f"{self.file} could not be applied when it was made, for {self.obstacles} reason{many}",
                hint="clear away what it names under 'obstacles', and plan again",
            )
        return self.artifact, self.basis


def plan_document(result: PlanResult) -> dict[str, Any]:
    """The document of a plan that is saved; lacks nothing that is needed to apply it, and holds no Secret's value."""
    live = result.basis.live if result.basis is not None else {}
    document = result.document()
    document |= {"apiVersion": API_VERSION, "kind": KIND, "version": VERSION}
    for key in ("file", "planDigest", "digest"):
        document.pop(key, None)
    document["changes"] = [
        change.document() | ({"live": _state(live[change.object_id])} if change.object_id in live else {})
        for change in result.diff.plan.changes
    ]
    return document | {"digest": plan_digest(document)}


def _state(state: LiveState) -> dict[str, str]:
    return {"uid": state.uid, "fingerprint": state.fingerprint}


def plan_digest(document: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical JSON of the document without its own ``digest``.

    Raises:
        ValueError: a text in it cannot be written as UTF-8.
    """
    rest = {key: counted(value) for key, value in document.items() if key != "digest"}
    return "sha256:" + hashlib.sha256(canonical_json(rest)).hexdigest()


def counted(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A value with 1 for 1.0: where another program, such as cosign, writes the document, either may be there."""
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    if isinstance(value, Mapping):
        return {key: counted(item) for key, item in value.items()}
    return [counted(item) for item in value] if isinstance(value, list | tuple) else value


def read_plan(content: bytes, file: str) -> SavedPlan:
    """Read a saved plan from a file's content.

    Raises:
        ConfigurationError: it is no plan, damaged, or of a version that this gitless does not know.
        RefusedError: it was changed after it was made.
    """
    if len(content) > MAX_PLAN_BYTES:
        raise ConfigurationError(f"{file} has {len(content)} bytes; a plan may have {MAX_PLAN_BYTES}")
    try:
        document = parse_object(content, file)
    except TrustError as error:
        raise ConfigurationError(error.message, hint=f"expected a saved plan; {_AGAIN}") from None
    return plan_of(document, file)


def plan_of(document: JsonObject, file: str) -> SavedPlan:
    """The same from a document that has been parsed, such as an attestation's predicate.

    Raises:
        ConfigurationError: it is no plan, damaged, or of a version that this gitless does not know.
        RefusedError: it was changed after it was made.
    """
    _check_kind(document, file)
    try:
        digest = plan_digest(document)
        is_whole = document["digest"] == digest
        plan = _read(document, file, digest)
    except KeyError as error:
        raise ConfigurationError(f"{file} is damaged: it lacks '{error.args[0]}'", hint=_AGAIN) from None
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, UsageError) as error:
        why = printable(str(error), _SHOWN * 2)
        raise ConfigurationError(f"{file} is damaged: it is no whole plan ({why})", hint=_AGAIN) from None
    if not is_whole:
        raise RefusedError(
            f"{file} was changed after it was made: its content is not what its digest says", hint=_AGAIN, code=EDITED
        )
    return plan


def _check_kind(document: JsonObject, file: str) -> None:
    found = document.get("kind")
    if (document.get("apiVersion"), found) != (API_VERSION, KIND):
        told = printable(found, _SHOWN) if isinstance(found, str) and found else "something else"
        if found == KIND:
            told += f" in {printable(str(document.get('apiVersion')), _SHOWN)}"
        raise ConfigurationError(f"{file} is no saved plan but {told}; expected {KIND} in {API_VERSION}", hint=_AGAIN)
    version = document.get("version")
    unknown = _unknown(document)
    # To Python, true is 1.
    is_known = version == VERSION and not isinstance(version, bool)
    if not is_known or unknown:
        told = f"decides {unknown}" if is_known else f"has format version {version!r:.20}"
        raise ConfigurationError(
            f"{file} {told}; this gitless knows version {VERSION}",
            hint="use the gitless version that made it, or a newer one",
        )


def _unknown(document: JsonObject) -> str:
    """A decision that this version does not know, and so would not carry out."""
    basis = document.get("basis")
    options = basis.get("options") if isinstance(basis, dict) else None
    found = sorted(options.keys() - OPTIONS.keys()) if isinstance(options, dict) else []
    return printable(", ".join(found), _SHOWN)


def _read(document: JsonObject, file: str, digest: str) -> SavedPlan:
    to = _map(document["to"])
    changes = [_map(item) for item in _list(document["changes"])]
    planned = tuple(map(_change, changes))
    if len({item.object_id for item in planned}) < len(planned):
        raise ValueError("an object is named twice")
    artifact = parse_reference(_text(to["digestUrl"])).pinned() if to["type"] == "artifact" else None
    basis = None
    if "basis" in document:
        live = {item.object_id: _live(raw) for item, raw in zip(planned, changes, strict=True) if "live" in raw}
        basis = _basis(_map(document["basis"]), live)
    return SavedPlan(
        file=file,
        digest=digest,
        name=_text(to["name"]),
        artifact=artifact,
        basis=basis,
        changes=planned,
        reach=_reach(_map(document["blastRadius"])),
        obstacles=len(_list(document["obstacles"])),
    )


def _change(raw: JsonObject) -> PlannedChange:
    api_version = _text(raw["apiVersion"])
    object_id = ObjectId(group_of(api_version), _text(raw["kind"]), _text(raw.get("namespace", "")), _text(raw["name"]))
    fields = [_map(item) for item in _list(raw.get("fields", []))]
    return PlannedChange(Action(raw["action"]), object_id, api_version, {_text(item["path"]): item for item in fields})


def _reach(raw: JsonObject) -> dict[str, frozenset[str]]:
    return {key: frozenset(_text(_map(item)["object"]) for item in _list(raw[key])) for key in REACH}


def _live(raw: JsonObject) -> LiveState:
    live = _map(raw["live"])
    return LiveState(_text(live["uid"]), _text(live["fingerprint"]))


def _basis(raw: JsonObject, live: Mapping[ObjectId, LiveState]) -> Basis:
    cluster, inventory, trust = _map(raw["cluster"]), _map(raw["inventory"]), _map(raw["trust"])
    return Basis(
        context=_text(cluster["context"]),
        cluster_uid=_text(cluster["uid"]),
        namespace=_text(inventory["namespace"]),
        inventory=check_inventory_name(_text(inventory["name"])),
        inventory_version=_text(inventory["resourceVersion"]),
        inventory_digest=_text(inventory["digest"]),
        options={key: _flag(value) for key, value in _map(raw["options"]).items()},
        guards=_guards(_map(raw["guards"])),
        verified=_flag(trust["verified"]),
        signers=tuple(_signer(_map(item)) for item in _list(trust["signers"])),
        live=live,
    )


def _guards(raw: JsonObject) -> Guards:
    protected, overrides = (tuple(map(_text, _list(raw[key]))) for key in ("protect", "overrides"))
    return GuardSettings(max_prune=_text(raw["maxPrune"]), protect=protected, overrides=overrides).guards()


def _signer(raw: JsonObject) -> SignerName:
    parts = (raw.get(key, "") for key in ("keyFingerprint", "identity", "issuer"))
    return SignerName(_text(raw["signer"]), *map(_text, parts))


def _map(value: Any) -> JsonObject:  # noqa: ANN401 - whatever the document holds there
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def _list(value: Any) -> Sequence[Any]:  # noqa: ANN401 - the same
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def _text(value: Any) -> str:  # noqa: ANN401 - the same
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def _flag(value: Any) -> bool:  # noqa: ANN401 - the same
    if not isinstance(value, bool):
        raise TypeError("neither true nor false")
    return value
