"""Trust policies from documents: a ``TrustPolicy``, or the ``trust`` of a ``gitless.yaml``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.model.trust.policy import TrustPolicy


def read_trust_policy(
    document: Mapping[str, Any], *, source: str, read_file: Callable[[str], str] | None
) -> TrustPolicy:
    """Read a ``TrustPolicy`` document: ``apiVersion: gitless.dev/v1``, ``kind: TrustPolicy`` and a ``spec``.

    ``read_file`` gives the text of a file that the document names; without it only inline PEM and JSON is allowed, as
    in a ConfigMap. An empty ``spec`` is an empty policy, which refuses everything.

    Raises:
        ConfigurationError: the document is wrong; the message names the source and the place in it.
    """
    raise NotImplementedError
