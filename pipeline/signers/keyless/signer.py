"""The signing half."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import ConfigurationError, PipelineError, TrustError
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
from pipeline.signers.keyless.trust_configs import TrustConfig, read_trust_config

if TYPE_CHECKING:
    from sigstore.models import Bundle
    from sigstore.sign import Signer as SigstoreSigner

_TIMEOUT = 60.0
"""Seconds for one answer of a service; the library itself would wait for ever."""


class SigningServiceError(PipelineError):
    """A service that keyless signing needs refused, or did not answer."""

    exit_code = 5
    code = "signing-service"


class KeylessSigner:
    """Signs as the identity that a token stands for, with a key that lives as long as this object.

    One certificate serves for everything that is signed within its ten minutes; every signature is logged, and stamped
    where the signing configuration names a timestamp authority.
    """

    format = SignatureFormat.BUNDLE

    def __init__(self, token: FoundToken, config: TrustConfig, reporter: Reporter) -> None:
        self._token = token
        self._config = config
        self._reporter = reporter
        self._signer: SigstoreSigner | None = None

    def own_policy(self) -> TrustPolicy:
        """The policy that trusts this identity alone, by the words of the certificate that it has been given.

        Raises:
            SigningServiceError: no certificate is to be had.
        """
        certificate = self._guarded(lambda: self._opened()._signing_cert())  # noqa: SLF001 - no public way
        found = identity_of(certificate)
        wanted = Identity(subject=found.subject, issuer=found.issuer)
        return TrustPolicy(identities=(wanted,), trusted_root=self._config.root)

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
        bundle: Bundle = self._guarded(lambda: self._opened().sign_dsse(_statement(statement)))
        stamped = bundle.verification_material.timestamp_verification_data
        missing = len(self._config.inner.signing_config.get_tsas()) - (
            len(stamped.rfc3161_timestamps) if stamped else 0
        )
        if missing > 0:
            self._reporter.warn(f"{missing} of the timestamp authorities did not answer; the log's time must do")
        return Signature(SignatureFormat.BUNDLE, bundle.to_json().encode("utf-8"))

    def _opened(self) -> SigstoreSigner:
        from sigstore.oidc import IdentityToken
        from sigstore.sign import Signer, SigningContext

        if self._signer is None:
            context = SigningContext.from_trust_config(self._config.inner)
            # Neither client has a timeout of its own.
            for client in (context._fulcio.session, getattr(context._rekor, "_session", None)):  # noqa: SLF001
                if client is not None:
                    setattr(client, "request", partial(client.request, timeout=_TIMEOUT))  # noqa: B010 - no assignment for mypy
            self._signer = Signer(IdentityToken(self._token.text), context)
        return self._signer

    def _guarded(self, ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever is asked for
        from sigstore.errors import Error
        from sigstore.sign import ExpiredCertificate  # type: ignore[attr-defined] # it is where it is raised

        try:
            return ask()
        except PipelineError:
            raise
        except ExpiredCertificate:
            raise SigningServiceError(
                "the certificate expired before everything was signed", hint="sign again"
            ) from None
        except Error as error:
            raise SigningServiceError(
                f"keyless signing failed: {self._told(error)}",
                hint="see which services the signing configuration names",
            ) from None
        except Exception as error:  # noqa: BLE001 - below
            # Four services answer through requests, pydantic, cryptography and ASN.1 in Rust.
            raise SigningServiceError(
                f"keyless signing failed: {type(error).__name__}: {self._told(error)}",
                hint="see which services the signing configuration names, and whether they can be reached",
            ) from None

    def _told(self, error: Exception) -> str:
        cause = error.__cause__ or error.__context__
        answer = getattr(getattr(cause, "response", None), "text", "")
        texts = [str(error), str(cause or ""), answer if isinstance(answer, str) else ""]
        told = ": ".join(dict.fromkeys(text for text in texts if text)) or type(error).__name__
        return printable(told.replace(self._token.text, "***"), 300)


def keyless_signer(options: SigningOptions, environment: Environment, reporter: Reporter) -> KeylessSigner:
    """A signer with the token and the services that were asked for; nothing is sent yet.

    Raises:
        ConfigurationError: there is no token that can be used, or the configuration makes no sense.
    """
    token = find_token(options.identity_token_file, environment)
    try:
        config = read_trust_config(_root(options), options.signing_config, tuf_folder(environment))
    except TrustError as error:
        raise ConfigurationError(error.message, hint=error.hint) from None
    return KeylessSigner(token, config, reporter)


def _root(options: SigningOptions) -> TrustedRoot:
    if options.trusted_root:
        return TrustedRoot(options.trusted_root, content=_text(options.trusted_root), offline=options.offline)
    tuf_root = _text(options.tuf_root) if options.tuf_root else ""
    if options.tuf_url:
        return TrustedRoot(options.tuf_url, tuf_url=options.tuf_url, tuf_root=tuf_root, offline=options.offline)
    return TrustedRoot(offline=options.offline)


_MAX_FILE_BYTES = 4 * 1024 * 1024


def _text(file: str) -> str:
    try:
        with Path(file).open("rb") as stream:
            content = stream.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror or error}") from None
    if len(content) > _MAX_FILE_BYTES:
        raise ConfigurationError(f"{file} is larger than {_MAX_FILE_BYTES} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file} is not text; expected JSON") from None


def _statement(content: bytes) -> Any:  # noqa: ANN401 - sigstore's own type
    """One that is signed as it is: sigstore's own demands that subjects have names, and cosign's have none."""
    from sigstore.dsse import Statement

    statement = Statement.__new__(Statement)
    statement._contents = content  # noqa: SLF001 - what its own initializer sets
    return statement
