"""Options that say whom to believe, named as in cosign; every one can also be given as ``GITLESS_<NAME>``."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from pipeline.cli.options import Decorated, option, with_options
from pipeline.cli.terminal import Terminal
from pipeline.errors import UsageError
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.settings.trust import TrustOptions
from pipeline.model.trust.policy import Identity, TrustPolicy, UnsafeSkipVerification


class KeyName(click.Path):
    """A key by file or by URI; a variable has several, separated by ``:``, or by blanks where one is a URI."""

    def split_envvar_value(self, rv: str) -> list[str]:
        """URIs have colons in them."""
        return rv.split() if "://" in rv else list(super().split_envvar_value(rv))


_FILE = click.Path(dir_okay=False)
_SKIP = option(
    "--insecure-skip-verification",
    is_flag=True,
    envvar=None,  # it must be seen where the command is read
    help="Accept what nobody signed. Anybody who can write to the registry then decides what runs.",
)
_OPTIONS = (
    option("--key", multiple=True, type=KeyName(dir_okay=False), metavar="FILE",
           help="Public key (PEM, or a URI) whose signatures are accepted; repeatable, any one is enough."),
    option("--certificate-identity", metavar="SUBJECT",
           help="Subject of the certificates whose keyless signatures are accepted; needs an issuer."),
    option("--certificate-identity-regexp", metavar="REGEXP",
           help="The same as a regular expression, which is searched for: give ^ and $."),
    option("--certificate-oidc-issuer", metavar="URL", help="Issuer of those certificates' identities."),
    option("--certificate-oidc-issuer-regexp", metavar="REGEXP", help="The same as a regular expression."),
    option("--trusted-root", type=_FILE, metavar="FILE",
           help="trusted_root.json for keyless signatures; otherwise Sigstore's public deployment."),
    option("--tuf-url", metavar="URL", help="TUF repository that serves the trusted root; needs --tuf-root."),
    option("--tuf-root", type=_FILE, metavar="FILE", help="Its root.json, which the first contact is checked with."),
    option("--offline", is_flag=True, help="Take the trusted root from the cache, and ask nobody for a newer one."),
    option("--insecure-ignore-tlog", is_flag=True,
           help="Accept keyless signatures that are in no transparency log, by a timestamp alone."),
    option("--trust-policy", type=_FILE, metavar="FILE",
           help="Policy: a TrustPolicy document or a gitless.yaml. Keys and identities given here replace its own, and"
           " its rules stay in force."),
)  # fmt: skip


def given_trust(command: Decorated) -> Callable[..., Any]:
    """What is said about trust and no more; the command receives ``trust: TrustOptions | UnsafeSkipVerification``."""
    return _asked(command, lambda options: options, may_skip=True)


def trust_options(command: Decorated) -> Callable[..., Any]:
    """Who is believed; the command receives ``trust: TrustPolicy | UnsafeSkipVerification``.

    Where nobody is named the policy is empty and refuses everything.
    """
    return _asked(command, _policy, may_skip=True)


def trust_options_if_any(command: Decorated) -> Callable[..., Any]:
    """The same for who may go without; the command receives ``None`` where nothing at all is said about trust."""
    return _asked(command, lambda options: None if options == TrustOptions() else _policy(options), may_skip=True)


def required_trust_options(command: Decorated) -> Callable[..., Any]:
    """The same for who does nothing but judge; the command receives ``trust: TrustPolicy``."""
    return _asked(command, _policy, may_skip=False)


def with_roots(signing: SigningOptions, trust: TrustOptions | UnsafeSkipVerification) -> SigningOptions:
    """The signing options with the root of the trust options: signing and verifying name the same deployment."""
    if isinstance(trust, UnsafeSkipVerification):
        return signing
    return replace(
        signing,
        trusted_root=trust.trusted_root or None,
        tuf_url=trust.tuf_url or None,
        tuf_root=trust.tuf_root or None,
        offline=trust.offline,
    )


def warn_unverified(trust: TrustPolicy | UnsafeSkipVerification | None, terminal: Terminal) -> None:
    """Say loudly that nothing vouches for what comes next, or less than one might think."""
    if isinstance(trust, UnsafeSkipVerification):
        terminal.reporter.warn("signatures are NOT verified (--insecure-skip-verification)")
    if not isinstance(trust, TrustPolicy):
        return
    if not trust.requires_log:
        terminal.reporter.warn(
            "keyless signatures are accepted that are in NO transparency log: nobody can see whom else a stolen"
            " identity signed for"
        )
    for identity in trust.identities:
        for pattern in filter(None, (identity.subject_regexp, identity.issuer_regexp)):
            if not (pattern.startswith("^") and pattern.endswith("$")):
                terminal.reporter.warn(f"/{pattern}/ also accepts what only contains it; write ^{pattern.strip('^$')}$")


def required_given_trust(command: Decorated) -> Callable[..., Any]:
    """What is said about trust, for who does nothing but judge; the command receives ``trust: TrustOptions``."""
    return _asked(command, lambda options: options, may_skip=False)


def _policy(options: TrustOptions) -> TrustPolicy:
    from pipeline import wiring

    return wiring.trust_policy(options, os.environ)


def _asked(command: Decorated, build: Callable[[TrustOptions], object], *, may_skip: bool) -> Callable[..., Any]:
    def wrapped(
        *,
        key: tuple[str, ...],
        certificate_identity: str | None,
        certificate_identity_regexp: str | None,
        certificate_oidc_issuer: str | None,
        certificate_oidc_issuer_regexp: str | None,
        trusted_root: str | None,
        tuf_url: str | None,
        tuf_root: str | None,
        offline: bool,
        insecure_ignore_tlog: bool,
        trust_policy: str | None,
        insecure_skip_verification: bool = False,
        **arguments: Any,  # noqa: ANN401 - the command's other options
    ) -> Any:  # noqa: ANN401 - whatever the command returns
        subject = _one("--certificate-identity", certificate_identity, certificate_identity_regexp)
        issuer = _one("--certificate-oidc-issuer", certificate_oidc_issuer, certificate_oidc_issuer_regexp)
        _check_root(trusted_root, tuf_url, tuf_root)
        if trust_policy == "":
            raise UsageError("--trust-policy is empty", hint="an unset variable must not switch verification off")
        options = TrustOptions(
            keys=key,
            identities=_identities(subject, issuer),
            trusted_root=trusted_root or "",
            tuf_url=tuf_url or "",
            tuf_root=tuf_root or "",
            offline=offline,
            ignores_log=insecure_ignore_tlog,
            policy_file=trust_policy or "",
        )
        if not insecure_skip_verification:
            return command(trust=build(options), **arguments)
        if not options.is_empty:
            given = "--key" if key else "--trust-policy" if trust_policy else "--certificate-identity"
            raise click.UsageError(f"{given} and --insecure-skip-verification contradict each other")
        return command(trust=UnsafeSkipVerification(), **arguments)

    return with_options((*_OPTIONS, *((_SKIP,) if may_skip else ())), wrapped, command)


def _one(name: str, exact: str | None, pattern: str | None) -> tuple[str, str]:
    """An exact text or a regular expression; both empty where neither is given."""
    for option_name, value in ((name, exact), (f"{name}-regexp", pattern)):
        if value is not None and not value.strip():
            raise UsageError(f"{option_name} is empty", hint="an empty one would be anybody; is a variable unset?")
    if exact and pattern:
        raise click.UsageError(f"{name} and {name}-regexp contradict each other")
    return exact or "", pattern or ""


def _identities(subject: tuple[str, str], issuer: tuple[str, str]) -> tuple[Identity, ...]:
    if any(subject) != any(issuer):
        given, missing = ("identity", "oidc-issuer") if any(subject) else ("oidc-issuer", "identity")
        raise click.UsageError(
            f"--certificate-{given} needs --certificate-{missing} (or its -regexp): only both say who it is"
        )
    if not any(subject):
        return ()
    return (Identity(subject=subject[0], subject_regexp=subject[1], issuer=issuer[0], issuer_regexp=issuer[1]),)


def _check_root(trusted_root: str | None, tuf_url: str | None, tuf_root: str | None) -> None:
    for name, value in (("--trusted-root", trusted_root), ("--tuf-url", tuf_url), ("--tuf-root", tuf_root)):
        if value == "":
            raise UsageError(f"{name} is empty", hint="is a variable unset?")
    if (tuf_url is None) != (tuf_root is None):
        raise click.UsageError("--tuf-url and --tuf-root go together")
    if trusted_root and tuf_url:
        raise click.UsageError("--trusted-root and --tuf-url contradict each other")
