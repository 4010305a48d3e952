"""What is said about texts that name no artifact."""

from __future__ import annotations

import pytest

from pipeline.errors import UsageError
from pipeline.model.artifact.reference import check_tag, parse_reference


@pytest.mark.parametrize(
    "text",
    [
        "oci://me:pass-word@registry.test/shop:1",
        "oci://me:pass/word-pass@registry.test/shop",
        "https://me:pass-word@registry.test/shop",
        "me:pass-word@registry.test/shop",
    ],
)
def test_a_password_before_the_host_is_not_repeated(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_reference(text)

    assert "pass" not in caught.value.message
    assert "registry.test/shop" in caught.value.message


def test_a_wrong_digest_is_shown() -> None:
    with pytest.raises(UsageError, match=r"'oci://a\.test:5000/shop:1@sha256:12': what follows '@' is not a digest"):
        parse_reference("oci://a.test:5000/shop:1@sha256:12")


@pytest.mark.parametrize("text", ["a", "oci://", "oci://a.test/B", "oci://a.test/b:", "oci-layout:a:-"])
def test_a_text_without_end_is_shown_in_one_line_of_bearable_length(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_reference(text + "x\n\x1b[2J" * 50_000)

    assert len(caught.value.message) < 700
    assert caught.value.message.isprintable()


def test_so_is_a_tag() -> None:
    with pytest.raises(UsageError) as caught:
        check_tag("x\n" * 50_000)

    assert len(caught.value.message) < 400
    assert caught.value.message.isprintable()
