"""RFC 3161: what timestamp authorities say about when a signature was there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipeline.errors import TrustError
from pipeline.signers.keyless.opened_root import Authority, OpenedRoot

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

MAX_TIMESTAMPS = 32
"""As many as sigstore's own verifiers look at."""


def confirmed_times(timestamps: Sequence[bytes], stamped: bytes, root: OpenedRoot) -> list[float]:
    """When the authorities that the root names saw ``stamped``, in seconds since the epoch.

    Timestamps that do not hold, or are by others, are passed over: anybody can add some.

    Raises:
        TrustError: there are too many, or one of them is none.
    """
    if len(timestamps) > MAX_TIMESTAMPS:
        raise TrustError(f"it holds {len(timestamps)} timestamps, more than the {MAX_TIMESTAMPS} we look at")
    from rfc3161_client import decode_timestamp_response

    try:
        responses = [decode_timestamp_response(content) for content in timestamps]
    except ValueError:
        raise TrustError("one of its timestamps cannot be read") from None
    return [found for response in responses for found in _confirmed(response, stamped, root)]


def _confirmed(response: TimeStampResponse, stamped: bytes, root: OpenedRoot) -> Iterator[float]:
    when = response.tst_info.gen_time.timestamp()
    for authority in root.timestamp_authorities:
        if authority.was_in_use(when) and _holds(response, stamped, authority):
            yield when
            return


def _holds(response: TimeStampResponse, stamped: bytes, authority: Authority) -> bool:
    from rfc3161_client import VerificationError, VerifierBuilder

    if len(authority.certificates) < 2:  # noqa: PLR2004 - the one that stamps, and its root
        return False
    leaf, *between, top = authority.certificates
    builder = VerifierBuilder().tsa_certificate(leaf).add_root_certificate(top)
    for certificate in between:
        builder = builder.add_intermediate_certificate(certificate)
    try:
        return builder.build().verify_message(response, stamped)
    except (VerificationError, ValueError):
        return False
