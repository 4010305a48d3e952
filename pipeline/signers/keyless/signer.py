"""The signing half."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigurationError, PipelineError, TrustError
from pipeline.model.artifact.manifest import SIGSTORE_BUNDLE
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.documents.printable import printable
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.trust.evidence import Signature, SignatureFormat
from pipeline.model.trust.in_toto import sign_statement
from pipeline.model.trust.policy import Identity, TrustedRoot, TrustPolicy
from pipeline.ports import Environment, Reporter
from pipeline.signers.keyless.certificates import identity_of
from pipeline.signers.keyless.identity_tokens import FoundToken, find_token
from pipeline.signers.keyless.roots import tuf_folder
from pipeline.signers.keyless.services import SigningServices, read_bounded, read_services

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from sigstore.oidc import IdentityToken
    from sigstore.sign import Signer as SigstoreSigner
    from sigstore.sign import SigningContext

_TIMEOUT = 60.0
"""Seconds for one answer of a service; the library itself would wait for ever."""


class SigningServiceError(PipelineError):
    """A service that keyless signing needs refused, or did not answer."""

    exit_code = 5
    code = "signing-service"


class KeylessSigner:
    """Signs as the identity that a token stands for, with a key that lives as long as this object.

    One certificate serves for everything that is signed within its ten minutes. Every signature is logged, and stamped
    where the signing configuration names a timestamp authority; where it names no log, the stamp must do.
    """

    format = SignatureFormat.BUNDLE

    def __init__(self, token: FoundToken, services: SigningServices, reporter: Reporter) -> None:
        self._token = token
        self._services = services
        self._reporter = reporter
        self._signer: SigstoreSigner | None = None

    def own_policy(self) -> TrustPolicy:
        """The policy that trusts this identity alone, by the words of the certificate that it has been given.

        Raises:
            SigningServiceError: no certificate is to be had.
        """
        found = identity_of(self._guarded(self._certificate))
        return TrustPolicy(
            identities=(Identity(subject=found.subject, issuer=found.issuer),),
            trusted_root=self._services.root,
            requires_log=self._services.is_logged and self._services.has_certificate_logs,
        )

    def sign(self, subject: PinnedReference) -> Signature:
        """Sign the digest.

        Raises:
            SigningServiceError: a service refuses or does not answer.
        """
        return self.attest(sign_statement(subject.digest))

    def attest(self, statement: bytes) -> Signature:
        """Sign an in-toto statement.

        Raises:
            SigningServiceError: a service refuses or does not answer.
        """
        make = self._logged if self._services.is_logged else self._stamped
        content: str = self._guarded(lambda: make(statement))
        return Signature(SignatureFormat.BUNDLE, content.encode("utf-8"))

    def _logged(self, statement: bytes) -> str:
        bundle = self._opened().sign_dsse(_statement(statement))
        stamped = bundle.verification_material.timestamp_verification_data
        missing = len(self._services.timestamp_authorities) - (len(stamped.rfc3161_timestamps) if stamped else 0)
        if missing > 0:
            self._reporter.warn(f"{missing} of the timestamp authorities did not answer; the log's time must do")
        return bundle.to_json()

    def _stamped(self, statement: bytes) -> str:
        """A bundle without a log entry, which sigstore itself does not make."""
        from sigstore import dsse

        certificate = self._certificate()
        envelope = dsse._sign(self._opened()._private_key, _statement(statement))  # noqa: SLF001 - no public way
        stamps = [client.request_timestamp(envelope.signature) for client in self._services.timestamp_authorities]
        return _bundle(certificate, envelope.to_json(), [stamp.as_bytes() for stamp in stamps])

    def _certificate(self) -> Certificate:
        return self._opened()._signing_cert()  # noqa: SLF001 - no public way

    def _opened(self) -> SigstoreSigner:
        from sigstore.oidc import IdentityToken

        if self._signer is None:
            context: Any = self._services.context
            # Neither client has a timeout of its own.
            for session in (context._fulcio.session, getattr(context._rekor, "_session", None)):  # noqa: SLF001
                if session is not None:
                    session.request = partial(session.request, timeout=_TIMEOUT)
            make = _signer if self._services.has_certificate_logs else _signer_without_certificate_log
            self._signer = make(IdentityToken(self._token.text), context)
        return self._signer

    def _guarded(self, ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever is asked for
        from sigstore._internal.fulcio import ExpiredCertificate

        try:
            return ask()
        except PipelineError:
            raise
        except ExpiredCertificate:
            raise SigningServiceError(
                "the certificate expired before everything was signed", hint="sign again"
            ) from None
        except Exception as error:  # noqa: BLE001 - three services answer through requests, pydantic and ASN.1 in Rust
            raise SigningServiceError(
                f"keyless signing failed: {self._told(error)}",
                hint="see which services the signing configuration names, and whether they can be reached",
            ) from None

    def _told(self, error: Exception) -> str:
        cause = error.__cause__ or error.__context__
        answer = getattr(getattr(cause, "response", None), "text", "")
        texts = [str(error), str(cause or ""), answer if isinstance(answer, str) else ""]
        told = ": ".join(dict.fromkeys(text for text in texts if text)) or type(error).__name__
        return printable(told.replace(self._token.text, "***"), 300)


def _signer(token: IdentityToken, context: SigningContext) -> SigstoreSigner:
    from sigstore.sign import Signer

    return Signer(token, context)


def _signer_without_certificate_log(token: IdentityToken, context: SigningContext) -> SigstoreSigner:
    """Sigstore's own refuses a certificate that is in no log, even where the trusted root names none."""
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
    from sigstore.sign import Signer

    class Unlogged(Signer):
        _key = generate_private_key(SECP256R1())
        _own: Certificate | None = None

        @property
        def _private_key(self) -> EllipticCurvePrivateKey:
            return self._key

        def _signing_cert(self) -> Certificate:
            if self._own is None:
                self._own = context._fulcio.signing_cert.post(self._build_csr(), token).cert  # noqa: SLF001 - as it does
            return self._own

    return Unlogged(token, context, cache=False)


def keyless_signer(options: SigningOptions, environment: Environment, reporter: Reporter) -> KeylessSigner:
    """A signer with the token and the services that were asked for; nothing is sent to these yet.

    Raises:
        ConfigurationError: there is no token that can be used, or the configuration makes no sense.
    """
    token = find_token(options.identity_token_file, environment)
    try:
        services = read_services(_root(options), options.signing_config, tuf_folder(environment))
    except TrustError as error:
        raise ConfigurationError(error.message, hint=error.hint) from None
    return KeylessSigner(token, services, reporter)


def _root(options: SigningOptions) -> TrustedRoot:
    if options.trusted_root:
        return TrustedRoot(options.trusted_root, content=_text(options.trusted_root), offline=options.offline)
    tuf_root = _text(options.tuf_root) if options.tuf_root else ""
    if options.tuf_url:
        return TrustedRoot(options.tuf_url, tuf_url=options.tuf_url, tuf_root=tuf_root, offline=options.offline)
    return TrustedRoot(offline=options.offline)


def _text(file: str) -> str:
    try:
        return read_bounded(file).decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is not text; expected JSON") from None


def _statement(content: bytes) -> Any:  # noqa: ANN401 - sigstore's own type
    """One that is signed as it is: sigstore's own demands that subjects have names, and cosign's have none."""
    from sigstore.dsse import Statement

    statement = Statement.__new__(Statement)
    statement._contents = content  # noqa: SLF001 - what its own initializer sets
    return statement


def _bundle(certificate: Certificate, envelope: str, stamps: Sequence[bytes]) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    document = {
        "mediaType": SIGSTORE_BUNDLE,
        "verificationMaterial": {
            "certificate": {"rawBytes": _base64(certificate.public_bytes(Encoding.DER))},
            "timestampVerificationData": {
                "rfc3161Timestamps": [{"signedTimestamp": _base64(stamp)} for stamp in stamps]
            },
        },
        "dsseEnvelope": json.loads(envelope),
    }
    return json.dumps(document, separators=(",", ":"))


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
