"""The one verifier of everything found beside an artifact: what is made with a key goes one way, the rest another."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError, TrustError
from pipeline.model.documents.strict_json import parse_object
from pipeline.model.trust.bundle import MAX_BUNDLE_BYTES
from pipeline.model.trust.evidence import Signature, SignatureFormat, Verified
from pipeline.model.trust.policy import TrustPolicy
from pipeline.ports import Environment, Reporter, Verifier
from pipeline.signers.cosign import CosignVerifier

if TYPE_CHECKING:
    from pipeline.signers.keyless.verifier import KeylessVerifier


class SignatureVerifier:
    """Routes each signature by what it holds; sigstore is loaded for the first keyless one that could count.

    Whatever strangers have written, nothing but a :class:`TrustError` comes out.
    """

    def __init__(self, environment: Environment, reporter: Reporter, cache_dir: str | None = None) -> None:
        self._environment = environment
        self._reporter = reporter
        self._cache_dir = cache_dir
        self._with_key: Verifier = CosignVerifier()
        self._keyless: KeylessVerifier | None = None
        self._lock = threading.Lock()

    def verify(self, digest: str, signature: Signature, policy: TrustPolicy) -> Verified:
        """Find out who made it.

        Raises:
            TrustError: it does not hold; the message says which check failed.
        """
        try:
            return self._routed(digest, signature, policy)
        except TrustError:
            raise
        except PipelineError as error:
            raise TrustError(error.message, hint=error.hint) from error
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:
            # Strangers' bytes pass through several libraries; what one of them trips over must refuse this signature,
            # and must not keep the next one from being looked at. A panic in Rust is no Exception.
            raise TrustError(f"it cannot be read: {type(error).__name__}") from error

    def _routed(self, digest: str, signature: Signature, policy: TrustPolicy) -> Verified:
        signers = policy.every_signer
        if not _is_keyless(signature):
            return self._with_key.verify(digest, signature, policy)
        if signature.format is SignatureFormat.SIMPLE and signers.keys:
            # Whoever signs with a key can still have a certificate beside it, and anybody can add one.
            try:
                return self._with_key.verify(digest, signature, policy)
            except TrustError:
                if not signers.identities:
                    raise
        if not signers.identities:
            raise TrustError("it was made without a key (keyless), and no identity is trusted")
        return self._open_keyless().verify(digest, signature, policy)

    def _open_keyless(self) -> KeylessVerifier:
        with self._lock:
            if self._keyless is None:
                from pipeline.signers.keyless import KeylessVerifier
                from pipeline.signers.keyless.roots import tuf_folder

                folder = Path(self._cache_dir) / "tuf" if self._cache_dir else tuf_folder(self._environment)
                self._keyless = KeylessVerifier(self._reporter, folder)
            return self._keyless


def _is_keyless(signature: Signature) -> bool:
    if signature.keyless is not None:
        return True
    if signature.format is SignatureFormat.SIMPLE or signature.is_envelope:
        return False
    if len(signature.content) > MAX_BUNDLE_BYTES:
        raise TrustError(f"the bundle is larger than {MAX_BUNDLE_BYTES} bytes")
    material = parse_object(signature.content, "the bundle").get("verificationMaterial")
    return isinstance(material, dict) and ("certificate" in material or "x509CertificateChain" in material)
