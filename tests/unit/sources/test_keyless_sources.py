from __future__ import annotations

from typing import Any

import pytest

from pipeline.model.flux.outcome import Severity
from tests.unit.sources.witnesses import ISSUER, SUBJECT, Witness, push, witnessed
from tests.unit.sources.worlds import World, source, told

ACME = {"issuer": "^https://token.actions.githubusercontent.com$", "subject": "^https://github.com/acme/"}


@pytest.fixture
def witness(world: World) -> Witness:
    return witnessed(world)


def keyless(*identities: dict[str, str], **more: Any) -> dict[str, Any]:  # noqa: ANN401 - a spec's fields
    return source(verify={"provider": "cosign", "matchOIDCIdentity": list(identities)} | more)


def complaint(world: World, body: dict[str, Any]) -> str:
    assert not world.reconcile(body).succeeded
    assert "artifact" not in body["status"]
    found = told(body, "SourceVerified")
    assert found is not None
    assert found[:2] == ("False", "VerificationError")
    assert told(body, "Ready") == found
    return found[2]


def test_an_artifact_by_a_wanted_identity_is_verified(world: World, witness: Witness) -> None:
    artifact = push(world, witness)
    body = keyless({"issuer": "^other$", "subject": "^other$"}, ACME)
    outcome = world.reconcile(body)
    verified = ("True", "Succeeded", f"verified signature of revision latest@{artifact.digest}")
    assert told(body, "SourceVerified") == verified
    assert [event.reason for event in outcome.events] == ["NewArtifact"]


@pytest.mark.parametrize(
    ("subject", "issuer"),
    [
        ("https://github.com/other/shop", ISSUER),
        ("see https://github.com/acme/", ISSUER),
        (SUBJECT, "https://issuer.test"),
        (SUBJECT, f"{ISSUER}.evil.test"),
    ],
)
def test_anybody_else_is_refused(world: World, witness: Witness, subject: str, issuer: str) -> None:
    push(world, witness, subject=subject, issuer=issuer)
    message = complaint(world, keyless(ACME))
    assert message.startswith("failed to verify the signature using provider 'cosign keyless': ")
    assert "has no signature by /^https://github.com/acme//" in message


def test_an_expression_is_searched_for_as_in_go(world: World, witness: Witness) -> None:
    push(world, witness)
    assert world.reconcile(keyless({"issuer": "actions", "subject": r"workflows/(release|deploy)\.yaml"})).succeeded


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        ({"issuer": "(", "subject": "s"}, "is not a regular expression"),
        ({"issuer": "i", "subject": "(?=s)"}, "is not a regular expression"),
        ({"issuer": "i" * 1025, "subject": "s"}, "matchOIDCIdentity[0].issuer is longer than 1024 characters"),
    ],
)
def test_an_expression_that_makes_no_sense_is_told(
    world: World, witness: Witness, identity: dict[str, str], words: str
) -> None:
    push(world, witness)
    assert words in complaint(world, keyless(identity))


def test_more_identities_than_anybody_has_are_refused(world: World, witness: Witness) -> None:
    push(world, witness)
    assert "has 65 entries; expected at most 64" in complaint(world, keyless(*([ACME] * 65)))


@pytest.mark.parametrize("verify", [{"provider": "cosign"}, {"provider": "cosign", "matchOIDCIdentity": []}])
def test_without_identities_anybody_is_accepted_and_that_is_told_once(
    world: World, witness: Witness, verify: dict[str, Any]
) -> None:
    push(world, witness, subject="mailto:anybody", issuer="anything")
    body = source(verify=verify)
    events = {event.reason: event for event in world.reconcile(body).events}
    assert events["UnrestrictedIdentity"].severity is Severity.ERROR
    assert "a keyless signature by anybody is accepted" in events["UnrestrictedIdentity"].message
    assert world.reconcile(body).events == ()


def test_a_key_in_the_place_of_identities_is_enough_for_no_identity(world: World, witness: Witness) -> None:
    push(world, witness, key="ours")
    assert "has no signature by" in complaint(world, source(verify={"provider": "cosign"}))


def test_with_keys_no_identity_counts(world: World, witness: Witness) -> None:
    from tests.unit.sign.support import private_key, public_pem

    push(world, witness)
    world.secret("keys", {"cosign.pub": public_pem(private_key("ours"))})
    body = keyless({"issuer": ".*", "subject": ".*"}, secretRef={"name": "keys"})
    assert "using provider 'cosign':" in complaint(world, body)
    assert witness.policies[-1].identities == ()


def test_a_trusted_root_of_ones_own_is_what_signatures_are_checked_with(world: World, witness: Witness) -> None:
    push(world, witness)
    world.secret("root", {"trusted_root.json": '{"tlogs": []}'})
    assert world.reconcile(keyless(ACME, trustedRootSecretRef={"name": "root"})).succeeded
    root = witness.policies[-1].trusted_root
    assert root is not None
    assert root.content == '{"tlogs": []}'
    assert root.source == "trusted_root.json of secret 'apps/root'"


def test_without_one_it_is_the_public_deployment(world: World, witness: Witness) -> None:
    push(world, witness)
    world.reconcile(keyless(ACME))
    assert witness.policies[-1].trusted_root is None
    assert witness.policies[-1].requires_log


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (None, "secret 'apps/root' not found"),
        ({"root.json": "{}"}, "secret 'apps/root' has no 'trusted_root.json'"),
        ({"trusted_root.json": ""}, "secret 'apps/root' has no 'trusted_root.json'"),
        ({"trusted_root.json": "no"}, "trusted_root.json of secret 'apps/root' is not valid JSON"),
        ({"trusted_root.json": "[]"}, "trusted_root.json of secret 'apps/root' is not a JSON object"),
    ],
)
def test_a_trusted_root_that_cannot_be_had_refuses_and_nothing_takes_its_place(
    world: World, witness: Witness, data: dict[str, str] | None, words: str
) -> None:
    push(world, witness)
    if data is not None:
        world.secret("root", data)
    assert words in complaint(world, keyless(ACME, trustedRootSecretRef={"name": "root"}))
    assert "read_blob" not in world.calls()


def test_the_same_digest_is_verified_once(world: World, witness: Witness) -> None:
    push(world, witness)
    body = keyless(ACME)
    world.reconcile(body)
    asked = len(witness.policies)
    world.calls()
    world.api.requests.clear()
    world.reconcile(body)
    assert (world.calls(), world.api.requests, len(witness.policies)) == (["resolve"], [], asked)
