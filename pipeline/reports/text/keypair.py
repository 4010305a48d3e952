"""A new key pair, for people."""

from __future__ import annotations

from pipeline.model.outcome.keys import KeyPairResult


def render(result: KeyPairResult, *, color: bool) -> str:
    """Both files and what to do with them."""
    del color
    return (
        f"{result.private_key_file}  private: keep it secret, sign with it\n"
        f"{result.public_key_file}  public: give it to everybody who verifies\n"
        f"{result.type}, {result.fingerprint}\n"
    )
