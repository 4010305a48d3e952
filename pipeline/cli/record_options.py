"""Options of deploy records: how an apply is recorded, and whose records are believed by whoever reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from pipeline.cli.options import Decorated, option, with_options
from pipeline.cli.terminal import Terminal
from pipeline.cli.trust_options import KeyName
from pipeline.errors import UsageError
from pipeline.model.deployments.naming import check_cluster_name
from pipeline.model.settings.recording import DEFAULT_KEEP, RecordingOptions, RecordReading
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.settings.trust import TrustOptions
from pipeline.model.trust.policy import Identity, UnsafeSkipVerification

_FILE = click.Path(dir_okay=False)
_REPOSITORY = option(
    "--record-repository", metavar="OCI-URL",
    help="Repository that deploy records are kept in; otherwise beside the artifact.",
)  # fmt: skip
_REGISTRY_CONFIG = option(
    "--record-registry-config", type=_FILE, metavar="FILE",
    help="config.json with the login for that repository, and for it alone.",
)  # fmt: skip
_WRITING = (
    option("--deploy-record", metavar="CLUSTER",
           help="Record what was applied, signed, in the registry under this name of the cluster."),
    _REPOSITORY,
    _REGISTRY_CONFIG,
    option("--record-signing-key", metavar="FILE", help="Private key of the cluster, by file or URI, for records."),
    option("--record-password-file", type=_FILE, metavar="FILE", help="File with that key's password."),
    option("--record-keyless", is_flag=True, help="Sign records as the identity of this job, without a key."),
    option("--record-identity-token-file", type=_FILE, metavar="FILE", help="OIDC token for --record-keyless."),
    option("--record-signing-config", type=_FILE, metavar="FILE",
           help="Which services sign for --record-keyless; needs --record-trusted-root."),
    option("--record-trusted-root", type=_FILE, metavar="FILE", help="trusted_root.json of those services."),
    option("--keep-records", type=click.IntRange(1, 1000), default=DEFAULT_KEEP, show_default=True,
           help="How many records of the inventory are kept."),
)  # fmt: skip
_READING = (
    _REPOSITORY,
    _REGISTRY_CONFIG,
    option("--record-settings", type=_FILE, default="gitless.yaml", show_default=True, metavar="FILE",
           help="Settings file, if there is one, whose `records` say what options do not."),
    option("--record-key", multiple=True, type=KeyName(dir_okay=False), metavar="FILE",
           help="Public key of a cluster (PEM, or a URI) whose deploy records are believed; repeatable."),
    option("--record-certificate-identity", metavar="SUBJECT",
           help="Subject of the certificates whose keyless records are believed; needs an issuer."),
    option("--record-certificate-identity-regexp", metavar="REGEXP", help="The same as a regular expression."),
    option("--record-certificate-oidc-issuer", metavar="URL", help="Issuer of those certificates' identities."),
    option("--record-certificate-oidc-issuer-regexp", metavar="REGEXP", help="The same as a regular expression."),
    option("--record-trusted-root", type=_FILE, metavar="FILE", help="trusted_root.json for keyless records."),
    option("--insecure-skip-record-verification", is_flag=True, envvar=None,
           help="Believe records that nobody signed. Whoever can write to the registry then says what is deployed."),
)  # fmt: skip

PULLER_RECORDING = (
    option("--deploy-record", default="", metavar="CLUSTER", envvar=None,
           help="Record what is applied, signed, in the registry under this name of the cluster."),
    option("--record-remote", multiple=True, metavar="NAMESPACE/NAME=CLUSTER",
           help="Also record what is applied by the kubeconfig in this Secret or ConfigMap, under that cluster's name; "
           "repeatable."),
    option("--record-repository", default="", metavar="OCI-URL", envvar=None,
           help="Repository that deploy records are kept in; otherwise beside each artifact."),
    option("--record-key-secret", default="", metavar="NAME",
           help="Secret with the cosign.key (and cosign.password) that signs them."),
    option("--record-signing-key", default="", metavar="URI", envvar=None,
           help="Key at a key management service that signs them instead, such as awskms:///alias/records."),
    option("--record-keyless", is_flag=True, envvar=None,
           help="Sign them as the puller's service account, whose issuer Fulcio must know, without a key."),
    option("--record-sigstore", default="", metavar="NAME",
           help="ConfigMap with signing_config.json and trusted_root.json, for --record-keyless; "
           "otherwise Sigstore's public services sign."),
    option("--record-registry-secret", default="", metavar="NAME",
           help="Secret of type dockerconfigjson with the login that may write them."),
    option("--keep-records", type=click.IntRange(1, 1000), default=DEFAULT_KEEP, show_default=True, envvar=None,
           help="How many records of each Kustomization are kept."),
)  # fmt: skip
"""How the puller records; the Secrets are in its own namespace."""


def recording_options(command: Decorated) -> Callable[..., Any]:
    """How to record an apply; the command receives ``recording: RecordingOptions``."""

    def wrapped(**arguments: Any) -> Any:  # noqa: ANN401 - the command's other options, and what it returns
        cluster = arguments.pop("deploy_record")
        signing = SigningOptions(
            key=arguments.pop("record_signing_key"),
            password_file=arguments.pop("record_password_file"),
            keyless=arguments.pop("record_keyless"),
            identity_token_file=arguments.pop("record_identity_token_file"),
            signing_config=arguments.pop("record_signing_config"),
            trusted_root=arguments.pop("record_trusted_root"),
        )
        if signing.key is not None and signing.keyless:
            raise UsageError("--record-signing-key and --record-keyless contradict each other")
        recording = RecordingOptions(
            cluster="" if cluster is None else check_cluster_name(cluster),
            repository=_repository(arguments.pop("record_repository")),
            registry_config=arguments.pop("record_registry_config") or "",
            keep=arguments.pop("keep_records"),
            signing=signing,
        )
        return command(recording=recording, **arguments)

    return with_options(_WRITING, wrapped, command)


def record_reading_options(command: Decorated) -> Callable[..., Any]:
    """Where records are and whose are believed; the command receives ``records: RecordReading``."""

    def wrapped(**arguments: Any) -> Any:  # noqa: ANN401 - as above
        reading = RecordReading(
            repository=_repository(arguments.pop("record_repository")),
            registry_config=arguments.pop("record_registry_config") or "",
            settings=arguments.pop("record_settings"),
            trust=_trust(arguments),
        )
        return command(records=reading, **arguments)

    return with_options(_READING, wrapped, command)


def require_signer(recording: RecordingOptions) -> None:
    """Refuse to begin where nobody could sign the record that was asked for.

    Raises:
        UsageError: nobody could.
    """
    if recording and not recording.signing:
        raise UsageError(
            "--deploy-record needs somebody to sign the record",
            hint="give --record-signing-key cluster.key, or --record-keyless",
        )


def warn_unverified_records(records: RecordReading, terminal: Terminal) -> None:
    """Say loudly that anybody may have said what is deployed."""
    if isinstance(records.trust, UnsafeSkipVerification):
        terminal.reporter.warn("deploy records are NOT verified (--insecure-skip-record-verification)")


def _trust(arguments: dict[str, Any]) -> TrustOptions | UnsafeSkipVerification:
    names = ("identity", "identity_regexp", "oidc_issuer", "oidc_issuer_regexp")
    subject, subject_regexp, issuer, issuer_regexp = (arguments.pop(f"record_certificate_{name}") for name in names)
    keys, root = arguments.pop("record_key"), arguments.pop("record_trusted_root")
    is_skipped = arguments.pop("insecure_skip_record_verification")
    identities = _identities((subject, subject_regexp), (issuer, issuer_regexp))
    if not is_skipped:
        return TrustOptions(keys=keys, identities=identities, trusted_root=root or "")
    if keys or identities:
        given = "--record-key" if keys else "--record-certificate-identity"
        raise UsageError(f"{given} and --insecure-skip-record-verification contradict each other")
    return UnsafeSkipVerification()


def _identities(subject: tuple[str | None, str | None], issuer: tuple[str | None, str | None]) -> tuple[Identity, ...]:
    for given in (*subject, *issuer):
        if given is not None and not given.strip():
            raise UsageError("a --record-certificate- option is empty", hint="an empty one would be anybody")
    for both, name in ((subject, "identity"), (issuer, "oidc-issuer")):
        if all(both):
            raise UsageError(
                f"--record-certificate-{name} and --record-certificate-{name}-regexp contradict each other"
            )
    if any(subject) != any(issuer):
        raise UsageError(
            "--record-certificate-identity and --record-certificate-oidc-issuer (or their -regexp) go together:"
            " only both say who it is"
        )
    if not any(subject):
        return ()
    texts = [text or "" for text in (*subject, *issuer)]
    return (Identity(subject=texts[0], subject_regexp=texts[1], issuer=texts[2], issuer_regexp=texts[3]),)


def _repository(text: str | None) -> str:
    if text is None:
        return ""
    from pipeline.model.artifact.reference import parse_reference

    reference = parse_reference(text)
    if reference.tag or reference.digest:
        raise UsageError(f"--record-repository {text} names one artifact; expected a repository")
    return str(reference.repository)
