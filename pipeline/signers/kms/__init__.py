"""Keys that a key management service keeps, named by URI: AWS KMS, and whatever plug-ins add."""

from pipeline.signers.kms.schemes import is_key_uri, open_signer, read_public_key

__all__ = ["is_key_uri", "open_signer", "read_public_key"]
