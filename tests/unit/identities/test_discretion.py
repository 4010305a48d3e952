"""What is secret is hidden at once, and stays so in what others say."""

from __future__ import annotations

from pipeline.identities.discretion import Discretion
from pipeline.identities.logins import Logins
from pipeline.model.settings.credentials import Credentials
from pipeline.testing.clock import MemoryClock


def test_each_secret_is_told_once_and_short_ones_never() -> None:
    told: list[str] = []
    discretion = Discretion(told.append)

    assert [discretion.keep(secret) for secret in ("top-secret", "top-secret", "abc", "other")] == [
        "top-secret", "top-secret", "abc", "other",
    ]  # fmt: skip
    assert told == ["top-secret", "other"]


def test_secrets_and_what_looks_like_a_token_are_taken_out_of_foreign_words() -> None:
    discretion = Discretion(lambda _secret: None)
    discretion.keep("top-secret")

    said = discretion.said("no: top-secret\n\x1b[31meyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln is wrong" + "x" * 900)

    assert said.startswith("no: *** *** is wrong")
    assert len(said) <= 240


class Counting:
    """An identity that gives a new login each time."""

    def __init__(self, lifetime: float | None) -> None:
        self.given = 0
        self._lifetime = lifetime

    def serves(self, host: str) -> bool:
        return True

    def credentials(self, host: str) -> Credentials:
        self.given += 1
        return Credentials("me", f"login-{self.given}", expires=self._lifetime)


def test_a_login_is_kept_until_it_is_about_to_end_or_refused() -> None:
    clock, logins = MemoryClock(), Logins()
    who = Counting(clock.now() + 600)

    first = logins.find("key", who, "host", None, clock)
    assert logins.find("key", who, "host", None, clock) is first
    assert logins.find("key", who, "host", Credentials("me", "older"), clock) is first
    second = logins.find("key", who, "host", first, clock)
    assert second != first
    clock.sleep(550)
    assert logins.find("key", who, "host", None, clock) != second
    assert logins.find("another", who, "host", None, clock) not in {first, second}
