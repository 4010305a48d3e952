"""When a request is worth another try, and how long to wait for it."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime

from pipeline.ports import Clock

TOO_MANY_REQUESTS = 429
_ALWAYS = frozenset({TOO_MANY_REQUESTS, 502, 503, 504})
# A server error may come after the work was done: only what can be repeated without harm is.
_IF_IDEMPOTENT = frozenset({500})
_STATUS_RETRIES = 4
_CONNECTION_RETRIES = 2
_FIRST_WAIT = 0.25
_GROWTH = 2.0
_WAIT_BUDGET = 30.0


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def is_worth_retrying(status: int, *, idempotent: bool) -> bool:
    """Whether the same request can succeed later."""
    return status in _ALWAYS or (idempotent and status in _IF_IDEMPOTENT)


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds that a ``Retry-After`` header asks for: a number or a date (RFC 9110, 10.2.3); ``None`` without one."""
    if not value:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    from email.utils import parsedate_to_datetime

    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())


class Patience:
    """The tries left to one request: few, and together never longer than half a minute of waiting.

    Who is not ``patient`` never waits, and tries anew only once, for a connection that was kept and had gone stale.
    """

    def __init__(self, clock: Clock, *, patient: bool = True) -> None:
        self._clock = clock
        self._patient = patient
        self._waited = 0.0
        self._tries = 0

    def after_status(self, asked: float | None) -> bool:
        """Wait before another try after an answer such as 429 or 503; False when it is time to give up."""
        return self._patient and self._tries < _STATUS_RETRIES and self._wait(asked)

    def after_lost_connection(self) -> bool:
        """Wait before another try after a refused or broken connection; False when it is time to give up."""
        if not self._patient:
            self._tries += 1
            return self._tries == 1
        return self._tries < _CONNECTION_RETRIES and self._wait(None)

    def _wait(self, asked: float | None) -> bool:
        # Jitter, so that the jobs of one pipeline do not come back all at once.
        own = _FIRST_WAIT * _GROWTH**self._tries * random.uniform(0.5, 1.5)  # noqa: S311 - spreads load, no secret
        wait = own if asked is None else asked
        if self._waited + wait > _WAIT_BUDGET:
            return False
        self._tries += 1
        self._waited += wait
        self._clock.sleep(wait)
        return True
