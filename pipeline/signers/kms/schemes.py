"""Which scheme of a key's URI is served by whom; distributions add others as entry points.

An entry point of the group ``gitless.signers`` has the scheme as its name and as its value a factory
``(uri, environment) -> Signer``; see ``docs/plugins.md``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import EntryPoint, entry_points

from pipeline.errors import ConfigurationError, PipelineError, ToolError
from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.evidence import Signature, SignatureFormat
from pipeline.model.trust.policy import PublicKey, TrustPolicy
from pipeline.ports import Environment, Signer
from pipeline.signers.cosign import CosignSigner, public_keys
from pipeline.signers.kms import aws

GROUP = "gitless.signers"
_URI = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://.*", re.DOTALL)

SignerFactory = Callable[[str, Environment], Signer]
"""What an entry point names: opens the key of a URI."""


def is_key_uri(text: str) -> bool:
    """Whether a key is named by URI and not by file."""
    return _URI.fullmatch(text) is not None


def open_signer(uri: str, signature_format: SignatureFormat, environment: Environment) -> Signer:
    """A signer with the key of the URI.

    Raises:
        ConfigurationError: nobody serves the scheme, or the key cannot be used.
        ToolError: whoever keeps it cannot be asked.
    """
    if _scheme(uri) == aws.SCHEME:
        return CosignSigner(aws.AwsKey.open(uri), uri, signature_format)
    entry = _plug_in(uri)
    with _guarded(uri, entry):
        factory: SignerFactory = entry.load()
        made = factory(uri, environment)
        signer = made.in_format(signature_format) if isinstance(made, CosignSigner) else made
    if signer.format is not signature_format:
        raise ConfigurationError(
            f"{uri}: its plug-in '{entry.name}' signs in the format '{signer.format}', not '{signature_format}'",
            hint=f"--format {signer.format}",
        )
    return PluggedInSigner(signer, uri, entry)


def read_public_key(uri: str, environment: Environment) -> PublicKey:
    """The public half of the key of the URI, to trust; verifying with it asks nobody any more.

    Raises:
        ConfigurationError: nobody serves the scheme, or the key cannot be read.
        ToolError: whoever keeps it cannot be asked.
    """
    if _scheme(uri) == aws.SCHEME:
        return PublicKey(public_keys.public_pem(aws.AwsKey.open(uri).public_key()), uri)
    entry = _plug_in(uri)
    with _guarded(uri, entry):
        factory: SignerFactory = entry.load()
        keys = factory(uri, environment).own_policy().keys
    if len(keys) != 1:
        raise ConfigurationError(f"{uri}: its plug-in '{entry.name}' has no public key to verify with")
    public_keys.parse_public_key(keys[0].pem, uri)
    return PublicKey(keys[0].pem, uri)


class PluggedInSigner:
    """A plug-in's signer, whose failures are told as ours."""

    def __init__(self, signer: Signer, uri: str, entry: EntryPoint) -> None:
        self.format = signer.format
        self._signer = signer
        self._uri = uri
        self._entry = entry

    def own_policy(self) -> TrustPolicy:
        """The policy that trusts this key alone."""
        with _guarded(self._uri, self._entry):
            return self._signer.own_policy()

    def sign(self, subject: PinnedReference) -> Signature:
        """Sign the digest."""
        with _guarded(self._uri, self._entry):
            return self._signer.sign(subject)

    def attest(self, statement: bytes) -> Signature:
        """Sign an in-toto statement."""
        with _guarded(self._uri, self._entry):
            return self._signer.attest(statement)


@contextmanager
def _guarded(uri: str, entry: EntryPoint) -> Iterator[None]:
    try:
        yield
    except PipelineError:
        raise
    except Exception as error:  # noqa: BLE001 - nobody knows what a plug-in raises
        # Its words may hold what is secret: the kind of the error has to do.
        raise ToolError(
            f"{uri}: the plug-in '{entry.name}' ({entry.value}) failed with {type(error).__name__}", code="tool.plug-in"
        ) from None


def _scheme(uri: str) -> str:
    match = _URI.fullmatch(uri)
    if match is None:
        raise ConfigurationError(f"{ascii(uri)[:160]} is no key's URI", hint="such as awskms:///alias/NAME")
    return match["scheme"]


def _plug_in(uri: str) -> EntryPoint:
    scheme = _scheme(uri)
    # A link to a password manager or a typing error: looking costs a walk over what is installed, and only then.
    found = entry_points(group=GROUP)
    matching = [entry for entry in found if entry.name == scheme]
    if len({entry.value for entry in matching}) > 1:
        named = ", ".join(sorted(entry.value for entry in matching))
        raise ConfigurationError(f"several plug-ins serve '{scheme}://': {named}", hint="uninstall all but one")
    if not matching:
        known = ", ".join(f"{name}://" for name in sorted({aws.SCHEME, *(entry.name for entry in found)}))
        raise ConfigurationError(
            f"nobody serves keys named '{ascii(scheme)[1:-1][:60]}://'; known here: {known}",
            hint=f"install a distribution with an entry point '{ascii(scheme)[1:-1][:60]}' in the group {GROUP}"
            " (docs/plugins.md)",
            code="configuration.kms",
        )
    return matching[0]
