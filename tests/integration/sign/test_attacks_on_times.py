"""Attacks on what vouches for the time where Rekor 1 does not: Rekor 2, timestamp authorities, no log at all."""

from __future__ import annotations

import pytest

from tests.integration.sign.alterations import (
    NOBODYS_CHECKPOINT,
    V2,
    altered,
    altered_entry,
    entry_of,
    entry_of_the_same_signer_for_another_artifact,
    expired_without_a_log,
    flip_in,
    good,
    timestamp_of_another_signature,
    unstamp,
    with_the_entry_of,
)
from tests.integration.sign.attacks import Attack, Cosign, Scene, ask_cosign, check, ids
from tests.integration.sign.forging import Document

pytestmark = [pytest.mark.registry, pytest.mark.tool, pytest.mark.xdist_group("cosign")]


def claim_a_time(material: Document) -> None:
    unstamp(material)
    entry_of(material)["integratedTime"] = "1700000000"


# Rekor 2 vouches for no time, so that a timestamp authority must; cosign 3 sees by itself what there is.
REKOR_2 = [
    # cosign makes the entry's body itself of what must be in it, and proves that one to be in the log.
    Attack(
        name="body of the log entry changed, which cosign does not read",
        done=altered_entry(flip_in("canonicalizedBody"), V2),
        refused="the proof that it is in the log does not hold",
        cosign=Cosign.ACCEPTS,
    ),
    Attack(
        name="log entry of another artifact",
        done=with_the_entry_of(lambda scene: scene.forger(V2).sign_digest(scene.another().artifact.digest), V2),
        refused="its log entry is about another signature or artifact",
    ),
    Attack(
        name="checkpoint of another log",
        done=altered_entry(lambda entry: entry["inclusionProof"]["checkpoint"].update(envelope=NOBODYS_CHECKPOINT), V2),
        refused="was not signed by the log",
    ),
    Attack(
        name="hashes on the way to the root left out",
        done=altered_entry(lambda entry: entry["inclusionProof"].update(hashes=[]), V2),
        refused="the proof that it is in the log does not hold",
    ),
    Attack(
        name="a time that the log did not promise",
        done=altered(claim_a_time, V2),
        refused="nobody vouches for when it was signed",
    ),
    Attack(
        name="no timestamp",
        done=altered(unstamp, V2),
        refused="nobody vouches for when it was signed",
    ),
    Attack(
        name="timestamp of another signature",
        done=timestamp_of_another_signature(V2),
        refused="its timestamp is about another signature",
    ),
    Attack(
        name="timestamp by an authority that is not trusted",
        done=lambda scene: good(scene, V2),
        refused="is not by an authority that trusted_root.json names",
        root="root-with-other-tsa",
    ),
    Attack(
        name="timestamp by an authority that is no longer trusted",
        done=lambda scene: good(scene, V2),
        refused="is not by an authority that trusted_root.json names",
        root="root-with-ended-tsa",
    ),
]

REKOR_1_WITHOUT_PROMISE = [
    Attack(
        name="timestamp by another authority",
        done=altered_entry(lambda entry: entry.pop("inclusionPromise"), "timed-by-other"),
        refused="is not by an authority that trusted_root.json names",
        options=("--use-signed-timestamps",),
    ),
    Attack(
        name="nobody vouches for the time",
        done=altered_entry(lambda entry: entry.pop("inclusionPromise"), "no-tsa"),
        refused="nobody vouches for when it was signed",
    ),
]

_IGNORING_LOGS = ("--insecure-ignore-tlog", "--use-signed-timestamps")
NO_LOG_NEEDED = [
    Attack(
        name="no timestamp",
        done=altered(unstamp, "no-log"),
        refused="nobody vouches for when it was signed",
        requires_log=False,
        root="no-log",
        options=_IGNORING_LOGS,
    ),
    Attack(
        name="timestamp of another signature",
        done=timestamp_of_another_signature("no-log"),
        refused="its timestamp is about another signature",
        requires_log=False,
        root="no-log",
        options=_IGNORING_LOGS,
    ),
    Attack(
        name="expired certificate",
        done=lambda scene: scene.attach(expired_without_a_log(scene).sign_digest(scene.artifact.digest)),
        refused="its certificate had expired when it was signed",
        requires_log=False,
        root="no-log",
        options=_IGNORING_LOGS,
    ),
    # Where nobody asks for a log, a log entry that is there must hold nevertheless.
    Attack(
        name="log entry of another artifact, which cosign ignores",
        done=entry_of_the_same_signer_for_another_artifact,
        refused="its log entry is about another signature or artifact",
        requires_log=False,
        cosign=Cosign.ACCEPTS,
        options=_IGNORING_LOGS,
    ),
]

TABLE = [*REKOR_2, *REKOR_1_WITHOUT_PROMISE, *NO_LOG_NEEDED]


@pytest.mark.parametrize("attack", REKOR_2, ids=ids(REKOR_2))
def test_what_rekor_2_and_a_timestamp_do_not_vouch_for_together_is_refused(scene: Scene, attack: Attack) -> None:
    check(attack, scene)


@pytest.mark.parametrize("attack", REKOR_1_WITHOUT_PROMISE, ids=ids(REKOR_1_WITHOUT_PROMISE))
def test_a_log_that_promises_no_time_does_not_vouch_for_it(scene: Scene, attack: Attack) -> None:
    check(attack, scene)


@pytest.mark.parametrize("attack", NO_LOG_NEEDED, ids=ids(NO_LOG_NEEDED))
def test_what_a_private_deployment_without_a_log_does_not_vouch_for_is_refused(scene: Scene, attack: Attack) -> None:
    check(attack, scene)


def test_a_good_signature_counts_among_all_of_them(scene: Scene) -> None:
    for attack in TABLE:
        if not attack.root:
            attack.done(scene)
    good(scene, V2)

    assert len(scene.require(scene.keyless.policy()).signatures) == 1
    ask_cosign(scene)
