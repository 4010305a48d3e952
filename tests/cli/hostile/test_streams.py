"""Standard streams that are closed, full, or read by nobody."""

from __future__ import annotations

import pytest

from tests.cli.hostile.conftest import Start


@pytest.mark.parametrize(
    ("script", "code", "message"),
    [
        ("gitless build app >&-", 0, b""),
        ("gitless build missing >&-", 2, b"Error: missing does not exist"),
        ("gitless build - <&-", 8, b"Error: -: no objects come out of this build"),
        ("gitless package - oci-layout:out <&-", 2, b"Error: there is nothing on standard input"),
        ("unset COSIGN_PASSWORD; gitless keys generate <&-", 2, b"there is no terminal to ask for it"),
        ("gitless list oci://a.test/b --username u --password-stdin <&-", 2, b"there is no password on standard input"),
        ("gitless build missing 2>&-", 2, b""),
        ("gitless build missing 2>/dev/full", 2, b""),
        ("gitless build app >/dev/full", 2, b"Error: standard output cannot be written: No space left on device"),
        ("gitless build app -o json >/dev/full", 2, b"Error: standard output cannot be written"),
        ("gitless --help >/dev/full", 2, b"Error: standard output cannot be written"),
        ("gitless build app | true; exit ${PIPESTATUS[0]}", 141, b""),
        ("gitless build app -o json | true; exit ${PIPESTATUS[0]}", 141, b""),
    ],
)
def test_a_stream_that_is_closed_full_or_unread_is_no_bug(start: Start, script: str, code: int, message: bytes) -> None:
    ran = start(script)
    assert (ran.returncode, ran.stderr.count(b"Traceback")) == (code, 0)
    assert message in ran.stderr
    assert bool(message) == bool(ran.stderr)


def test_names_that_are_no_utf_8_are_shown_and_stay_valid_json(start: Start) -> None:
    ran = start(
        "cp -r app $'b\\xff'; gitless diff app $'b\\xff' && gitless build $'b\\xff' -o json | python3 -m json.tool"
    )
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert ran.stdout.startswith("app → b\\udcff\n".encode())
