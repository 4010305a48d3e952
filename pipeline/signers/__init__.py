"""Signers and verifiers: each file holds both halves."""
