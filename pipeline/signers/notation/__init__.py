"""Notary Project signatures, by the real ``notation``."""

from pipeline.signers.notation.verifier import NotationVerifier

__all__ = ["NotationVerifier"]
