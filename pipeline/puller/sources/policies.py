"""Trust policies in ConfigMaps: read at every reconciliation, so that a change counts at the next one."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pipeline.errors import ConfigurationError, PipelineError
from pipeline.model.documents.yaml_reading import read_documents
from pipeline.model.flux.api import CONFIG_MAPS
from pipeline.model.flux.governing import POLICY_KEY, PolicyReference
from pipeline.model.trust.policy import TrustPolicy
from pipeline.model.trust.policy_reading import read_trust_policy
from pipeline.ports import ApiServer


class PolicyError(ConfigurationError):
    """A trust policy is missing or says nothing that can be understood; whatever it governs is refused."""

    code = "configuration.trust-policy"


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """What a ConfigMap holds; not yet understood, for that is only needed where something is to be verified."""

    reference: PolicyReference
    files: Mapping[str, bytes] = field(repr=False, hash=False)

    @property
    def where(self) -> str:
        """For messages."""
        return f"{POLICY_KEY} of configmap '{self.reference}'"

    def understand(self, check: Callable[[TrustPolicy], None]) -> TrustPolicy:
        """The policy; ``check`` raises where its keys, expressions and conditions make no sense.

        Raises:
            PolicyError: it is empty, or cannot be understood.
        """
        try:
            documents = [document for document, _ in read_documents(self.files[POLICY_KEY], self.where)]
            if len(documents) != 1 or not isinstance(documents[0], Mapping):
                raise PolicyError(f"{self.where} is not one YAML document with keys")
            policy = read_trust_policy(documents[0], source=self.where, read_file=self._file)
            if not policy.is_empty:
                check(policy)
        except PipelineError as error:
            raise PolicyError(error.message) from error
        if policy.is_empty:
            raise PolicyError(f"{self.where} asks for nothing, so nothing is accepted; expected who must have signed")
        return policy

    def _file(self, name: str) -> str:
        try:
            return self.files[name].decode("utf-8", "replace")
        except KeyError:
            raise PolicyError(f"{self.where} names the file {ascii(name)[:120]}, which is no key of it") from None


def read_policies(references: tuple[PolicyReference, ...], api: ApiServer) -> tuple[PolicyDocument, ...]:
    """All of them, as they are now.

    Raises:
        PolicyError: one is missing or has no policy.
        ClusterError: one cannot be read.
    """
    return tuple(_read(reference, api) for reference in references)


def policies_digest(documents: tuple[PolicyDocument, ...]) -> str:
    """A digest of everything that they say; empty where there are none."""
    if not documents:
        return ""
    digest = hashlib.sha256()
    for document in documents:
        for part in (str(document.reference).encode(), *_parts(document.files)):
            digest.update(b"%d:" % len(part) + part)
    return f"sha256:{digest.hexdigest()}"


def _parts(files: Mapping[str, bytes]) -> tuple[bytes, ...]:
    # Their number keeps the files of one ConfigMap apart from the next one's.
    return b"%d" % len(files), *(part for name in sorted(files) for part in (name.encode(), files[name]))


def _read(reference: PolicyReference, api: ApiServer) -> PolicyDocument:
    body = api.read(CONFIG_MAPS, reference.namespace, reference.name)
    if body is None:
        raise PolicyError(f"configmap '{reference}' not found; without this trust policy nothing is accepted")
    texts, binaries = body.get("data") or {}, body.get("binaryData") or {}
    files = {str(key): str(value).encode() for key, value in texts.items()}
    files |= {str(key): _decoded(value, str(key), reference) for key, value in binaries.items()}
    if not files.get(POLICY_KEY, b"").strip():
        raise PolicyError(f"configmap '{reference}' has no '{POLICY_KEY}'; without a trust policy nothing is accepted")
    return PolicyDocument(reference, files)


def _decoded(value: object, key: str, reference: PolicyReference) -> bytes:
    try:
        return base64.b64decode(str(value or ""), validate=True)
    except binascii.Error:
        raise PolicyError(f"configmap '{reference}': '{key}' is not base64") from None
