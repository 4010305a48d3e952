from __future__ import annotations

import pytest

from pipeline.registries.oci.challenges import (
    PULL,
    PUSH,
    Challenge,
    covers,
    format_scopes,
    merge_scopes,
    parse_challenges,
    parse_scopes,
    repository_scope,
)


def test_bearer_challenge_with_commas_inside_quotes_is_read_whole() -> None:
    header = 'Bearer realm="https://auth.test/token?a=b,c",service="reg",scope="repository:team/app:pull,push"'

    assert parse_challenges(header) == (
        Challenge(
            "bearer",
            {"realm": "https://auth.test/token?a=b,c", "service": "reg", "scope": "repository:team/app:pull,push"},
        ),
    )


def test_several_challenges_in_one_header_stay_apart() -> None:
    header = (
        'Basic realm="a, Bearer b", charset="UTF-8", Bearer realm="https://auth.test/t" , error="insufficient_scope"'
    )

    basic, bearer = parse_challenges(header)

    assert (basic.scheme, basic.parameters["realm"]) == ("basic", "a, Bearer b")
    assert (bearer.scheme, bearer.parameters["realm"], bearer.error) == (
        "bearer",
        "https://auth.test/t",
        "insufficient_scope",
    )


def test_unquoted_escaped_and_oddly_spaced_parameters_are_read() -> None:
    (challenge,) = parse_challenges('BEARER  Realm = "say \\"hi\\"" ,SERVICE=plain-token')

    assert challenge == Challenge("bearer", {"realm": 'say "hi"', "service": "plain-token"})


def test_scheme_without_parameters_is_a_challenge() -> None:
    assert [challenge.scheme for challenge in parse_challenges("Negotiate, Basic")] == ["negotiate", "basic"]


@pytest.mark.parametrize("header", ["", "   ", ",,,", '"', 'Bearer realm="never closed', "=", "\x00"])
def test_nonsense_yields_no_usable_challenge(header: str) -> None:
    assert all(not challenge.parameters.get("realm") for challenge in parse_challenges(header))


def test_long_hostile_header_is_read_quickly() -> None:
    assert len(parse_challenges("Bearer " + 'a="' * 20_000)) <= 1


def test_scopes_with_ports_in_names_are_split_at_the_last_colon() -> None:
    assert parse_scopes("repository:host:5000/app:pull repository:host:5000/app:push registry:catalog:*") == {
        "repository:host:5000/app": PUSH,
        "registry:catalog": frozenset({"*"}),
    }


def test_merged_scopes_hold_everything_once_and_sorted() -> None:
    merged = merge_scopes(repository_scope("b", PULL), repository_scope("a", PULL), repository_scope("b", PUSH))

    assert format_scopes(merged) == ("repository:a:pull", "repository:b:pull,push")


def test_token_for_pushing_does_for_pulling_but_not_elsewhere() -> None:
    pushing = repository_scope("app", PUSH)

    assert covers(pushing, repository_scope("app", PULL))
    assert not covers(repository_scope("app", PULL), pushing)
    assert not covers(pushing, repository_scope("other", PULL))
