"""Signers, verifiers and policies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import TrustError, UsageError
from pipeline.loading import settle
from pipeline.model.artifact.reference import is_reference, parse_reference
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.settings.sources import Source
from pipeline.model.settings.trust import TrustOptions
from pipeline.model.trust.evidence import CertificateIdentity, SignatureFormat
from pipeline.model.trust.policy import PublicKey, TrustPolicy, UnsafeSkipVerification
from pipeline.model.trust.trusted import TrustedManifests
from pipeline.ports import (
    Environment,
    Reporter,
    Signer,
    Verifier,
)
from pipeline.wiring.building import provenance, renderers
from pipeline.wiring.stores import registry
from pipeline.wiring.surroundings import clock, expressions

if TYPE_CHECKING:
    from pipeline.signers.notation import NotationVerifier
    from pipeline.stages.fetch import Part
    from pipeline.stages.trust import TrustPorts


def signer(
    options: SigningOptions, environment: Environment, reporter: Reporter, read_password: Callable[[], bytes]
) -> Signer:
    """Whoever signs: a private key, in a file or by URI, or the job's identity; only an encrypted key needs a password.

    Raises:
        ConfigurationError: the key cannot be used, or there is no identity token.
        UsageError: nothing to sign with was named.
    """
    if options.keyless:
        settle()
        from pipeline.signers.keyless import keyless_signer

        return keyless_signer(options, environment, reporter)
    if options.key is None:
        raise UsageError("there is nothing to sign with", hint="give --key cosign.key, or --keyless")
    if "://" in options.key:
        settle()
        from pipeline.signers.kms import open_signer

        return open_signer(options.key, SignatureFormat(options.format), environment)
    from pipeline.signers.cosign import CosignSigner

    return CosignSigner.from_file(options.key, SignatureFormat(options.format), read_password)


def signer_of(key: bytes, source: str, password: bytes) -> Signer:
    """Whoever signs with this private key, in any form of key files; ``source`` names it in messages.

    Raises:
        ConfigurationError: it is none, or the password is wrong.
    """
    from pipeline.signers.cosign import CosignSigner

    return CosignSigner.from_key(key, source, lambda: password)


def stranger() -> Signer:
    """A signer with a key that was made just now and is kept nowhere, so that nobody can trust it."""
    from pipeline.signers.cosign import CosignSigner

    return CosignSigner.generated("a key made for this check")


def verifier(environment: Environment, reporter: Reporter, *, cache_dir: str | None = None) -> Verifier:
    """The verifier for whatever is found beside an artifact, made with a key or without.

    ``cache_dir`` is for what TUF repositories serve; otherwise it is below ``XDG_CACHE_HOME``.
    """
    from pipeline.signers.verifier import SignatureVerifier

    return SignatureVerifier(environment, reporter, cache_dir)


def read_certificate(certificate: str | bytes) -> CertificateIdentity | None:
    """Whom a keyless certificate names, unchecked; ``None`` where it cannot be read."""
    from pipeline.signers.certificates import read_certificate

    return read_certificate(certificate)


def trust_ports(environment: Environment, reporter: Reporter, *, cache_dir: str | None = None) -> TrustPorts:
    """What every decision about trust needs; ``cache_dir`` as for :func:`verifier`."""
    from pipeline.stages.trust import TrustPorts

    return TrustPorts(verifier(environment, reporter, cache_dir=cache_dir), expressions(), clock())


def notation_verifier(environment: Environment) -> NotationVerifier:
    """The real notation."""
    from pipeline.signers.notation import NotationVerifier

    return NotationVerifier(environment)


def public_key(name: str, environment: Environment) -> PublicKey:
    """A public key to trust, by file or by the URI of whoever keeps the private one.

    Raises:
        ConfigurationError: it cannot be read, or is none.
    """
    if "://" in name:
        settle()
        from pipeline.signers.kms import read_public_key as fetch_public_key

        return fetch_public_key(name, environment)
    from pipeline.signers.cosign import read_public_key

    return read_public_key(name)


def trust_policy(options: TrustOptions, environment: Environment) -> TrustPolicy:
    """The policy of the options and their document; every file is read, and everything in it checked, now.

    Keys and identities of the options take the place of the document's; its rules stay in force.

    Raises:
        ConfigurationError: a file cannot be read, or something in it is wrong.
    """
    policy = TrustPolicy()
    if options.policy_file:
        from pipeline.trust_documents import load_trust_policy

        policy = load_trust_policy(Path(options.policy_file), _fetching(environment))
    return _completed(policy, options, environment)


def approvers(options: TrustOptions, environment: Environment) -> TrustPolicy:
    """The same for who may approve plans, whom a ``gitless.yaml`` names under ``approval``.

    Raises:
        ConfigurationError: a file cannot be read, or something in it is wrong.
    """
    policy = TrustPolicy()
    if options.policy_file:
        from pipeline.trust_documents import load_approvers

        policy = load_approvers(Path(options.policy_file), _fetching(environment))
    return _completed(policy, options, environment)


def demanded_approvers(file: str, target: str, environment: Environment) -> TrustPolicy | None:
    """Of whom one must have approved what a ``gitless.yaml`` applies to a target; ``None`` where nobody has to.

    Raises:
        ConfigurationError: a file cannot be read, or something in it is wrong.
    """
    from pipeline.trust_documents import load_demanded_approvers

    policy = load_demanded_approvers(Path(file), target, _fetching(environment))
    if policy is not None:
        check_trust_policy(policy)
    return policy


def _fetching(environment: Environment) -> Callable[[str], str]:
    return lambda uri: public_key(uri, environment).pem


def _completed(policy: TrustPolicy, options: TrustOptions, environment: Environment) -> TrustPolicy:
    keys = tuple(public_key(name, environment) for name in dict.fromkeys(options.keys))
    if keys or options.identities:
        policy = replace(policy, keys=keys, identities=options.identities)
    if options.trusted_root or options.tuf_url or options.offline:
        from pipeline.trust_documents import trusted_root

        policy = replace(policy, trusted_root=trusted_root(options, policy.trusted_root))
    policy = replace(policy, requires_log=policy.requires_log and not options.ignores_log)
    check_trust_policy(policy)
    return policy


def check_trust_policy(policy: TrustPolicy) -> None:
    """See that every key of a policy can be used, and every regular expression and condition be compiled.

    Raises:
        ConfigurationError: one of them cannot; the message says which.
    """
    from pipeline.stages.policy_check import check_expressions

    if policy.every_signer.keys:
        from pipeline.signers.cosign import check_public_key

        for key in policy.every_signer.keys:
            check_public_key(key)
    check_expressions(policy, expressions)


def trusted_manifests(
    what: str,
    trust: TrustPolicy | UnsafeSkipVerification,
    options: RegistryOptions,
    environment: Environment,
    reporter: Reporter,
    *,
    part: Part | None = None,
) -> TrustedManifests:
    """What may be applied: an artifact whose signature holds, or a folder for who asked to skip verification.

    ``part``: of an artifact only that is read.

    Raises:
        TrustError: no signature is accepted, or a folder is to be applied without the request to skip verification.
    """
    if is_reference(what):
        from pipeline.stages.fetch import fetch

        reference = parse_reference(what)
        store = registry(reference.repository, options, environment, reporter)
        return fetch(reference, store, trust_ports(environment, reporter), trust, part=part)
    if isinstance(trust, TrustPolicy):
        raise TrustError(
            f"{what} is a folder, and nobody can sign a folder",
            hint="publish it (package, sign) and apply the artifact, or say --insecure-skip-verification",
        )
    from pipeline.stages.build import build
    from pipeline.stages.fetch import trust_local

    found = provenance(Path(what), environment, reporter)
    built = build((Source(Path(what)),), renderers(environment, reporter))
    return trust_local(built.manifests, trust, source=found.source, revision=found.revision)
