"""The payload that cosign 2 signs, and Flux before 2.8 accepts alone.

Format: "simple signing", ``containers/image``'s ``containers-signature.5``, with cosign's type.
"""

from __future__ import annotations

import json

from pipeline.errors import TrustError
from pipeline.model.artifact.reference import Repository
from pipeline.model.documents.strict_json import object_in, parse_object
from pipeline.model.trust.signing_time import TIMESTAMP

SIGNATURE_TYPE = "cosign container image signature"
MAX_PAYLOAD_BYTES = 64 * 1024


def write_payload(repository: Repository, digest: str, signed_at: float) -> bytes:
    """The payload for a digest; ``docker-reference`` tells people where it was signed and binds nothing."""
    document = {
        "critical": {
            "identity": {"docker-reference": repository.name},
            "image": {"docker-manifest-digest": digest},
            "type": SIGNATURE_TYPE,
        },
        "optional": {TIMESTAMP: int(signed_at)},
    }
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def check_payload(payload: bytes, digest: str) -> None:
    """Accept a payload that signs exactly this digest; its signature must have been checked before.

    The tag that a signature hangs on says nothing: whoever may push can hang any signature on any tag. Flux takes the
    tag's word for it, we do not. The repository's name is not compared, so that copies stay valid.

    Raises:
        TrustError: it is malformed or about something else.
    """
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise TrustError(f"the signed payload is larger than {MAX_PAYLOAD_BYTES} bytes")
    critical = object_in(parse_object(payload, "the signed payload"), "critical", "the signed payload")
    if critical.get("type") != SIGNATURE_TYPE:
        raise TrustError(f"the signed payload's type is not '{SIGNATURE_TYPE}'")
    image = object_in(critical, "image", "the signed payload")
    if image.get("docker-manifest-digest") != digest:
        raise TrustError(f"the signed payload is about another digest than {digest}")
