"""Signatures by cosign key pairs: the signer and the verifier, their keys and key files."""

from pipeline.signers.cosign.key_conversion import convert_key, describe_key
from pipeline.signers.cosign.key_files import check_public_key, generate_key_pair, read_public_key
from pipeline.signers.cosign.signer import CosignSigner
from pipeline.signers.cosign.verifier import CosignVerifier

__all__ = [
    "CosignSigner",
    "CosignVerifier",
    "check_public_key",
    "convert_key",
    "describe_key",
    "generate_key_pair",
    "read_public_key",
]
