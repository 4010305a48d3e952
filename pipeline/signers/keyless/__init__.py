"""Signatures without a key of one's own: a certificate for an identity, from Sigstore or a private deployment."""

from pipeline.signers.keyless.signer import KeylessSigner, keyless_signer
from pipeline.signers.keyless.verifier import KeylessVerifier

__all__ = ["KeylessSigner", "KeylessVerifier", "keyless_signer"]
