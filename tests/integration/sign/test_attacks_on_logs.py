"""Attacks on transparency logs: what is in them, and what they vouch for."""

from __future__ import annotations

import pytest

from tests.integration.sign.alterations import (
    NOBODYS_CHECKPOINT,
    altered,
    altered_entry,
    entry_of_the_same_signer_for_another_artifact,
    entry_of_the_same_statement_signed_again,
    flip_in,
    good,
    signed_by_another,
    with_the_entry_of,
)
from tests.integration.sign.attacks import Attack, Cosign, Scene, ask_cosign, check, ids

pytestmark = [pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("cosign")]

NO_LOG = "it is in no transparency log"

LOGS = [
    Attack(
        name="bundle without log entry",
        done=altered(lambda material: material.pop("tlogEntries")),
        refused=NO_LOG,
    ),
    Attack(
        name="bundle with an empty list of log entries",
        done=altered(lambda material: material.update(tlogEntries=[])),
        refused=NO_LOG,
    ),
    Attack(
        name="deployment without a log, where one is asked for",
        done=lambda scene: good(scene, "no-log"),
        refused=NO_LOG,
    ),
    Attack(
        name="log entry of another artifact by somebody else",
        done=with_the_entry_of(signed_by_another),
        refused="its log entry is about another signature or artifact",
    ),
    Attack(
        name="log entry of another artifact by the same signer",
        done=entry_of_the_same_signer_for_another_artifact,
        refused="its log entry is about another signature or artifact",
    ),
    Attack(
        name="log entry of the same statement signed again",
        done=entry_of_the_same_statement_signed_again,
        refused="its log entry is about another signature or artifact",
    ),
    Attack(
        name="entry of another log",
        done=lambda scene: good(scene, "logged-by-other"),
        refused="its log entry is from a transparency log that trusted_root.json does not name",
    ),
    Attack(
        name="log that is not trusted",
        done=good,
        refused="its log entry is from a transparency log that trusted_root.json does not name",
        root="root-with-other-log",
    ),
    Attack(
        name="body of the log entry changed",
        done=altered_entry(flip_in("canonicalizedBody")),
        refused="its log entry",
    ),
    Attack(
        name="time of the log entry changed",
        done=altered_entry(lambda entry: entry.update(integratedTime=str(int(entry["integratedTime"]) + 1))),
        refused="its log entry was changed",
    ),
    Attack(
        name="index of the log entry changed",
        done=altered_entry(lambda entry: entry.update(logIndex="1")),
        refused="its log entry was changed",
    ),
    Attack(
        name="promise of the log changed",
        done=altered_entry(lambda entry: flip_in("signedEntryTimestamp")(entry["inclusionPromise"])),
        refused="its log entry was changed",
    ),
    Attack(
        name="proof of inclusion for another leaf",
        done=altered_entry(lambda entry: entry["inclusionProof"].update(logIndex="0")),
        refused="the proof that it is in the log does not hold",
    ),
    Attack(
        name="root hash of the log changed",
        done=altered_entry(lambda entry: flip_in("rootHash")(entry["inclusionProof"])),
        refused="the proof that it is in the log does not hold",
    ),
    Attack(
        name="checkpoint signed by nobody",
        done=altered_entry(lambda entry: entry["inclusionProof"]["checkpoint"].update(envelope=NOBODYS_CHECKPOINT)),
        refused="was not signed by the log",
    ),
    Attack(
        name="proof of inclusion left out, and the time with it",
        done=altered_entry(lambda entry: [entry.pop(name) for name in ("inclusionProof", "inclusionPromise")]),
        refused="lacks the proof that it is in the log",
    ),
    # cosign goes by the kind that the entry itself names.
    Attack(
        name="kind of the log entry changed, which cosign does not read",
        done=altered_entry(lambda entry: entry["kindVersion"].update(kind="hashedrekord")),
        refused="sigstore does not accept it",
        cosign=Cosign.ACCEPTS,
    ),
]


@pytest.mark.parametrize("attack", LOGS, ids=ids(LOGS))
def test_what_no_log_vouches_for_is_refused(scene: Scene, attack: Attack) -> None:
    check(attack, scene)


def test_a_good_signature_counts_among_all_of_them(scene: Scene) -> None:
    for attack in LOGS:
        if not attack.root:
            attack.done(scene)
    good(scene)

    assert len(scene.require(scene.keyless.policy()).signatures) == 1
    ask_cosign(scene)
