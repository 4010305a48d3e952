"""Options of everything that signs: by a key, or without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from pipeline.cli.options import Decorated, option, with_options
from pipeline.errors import UsageError
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.trust.evidence import SignatureFormat

_NAMES = tuple(SigningOptions.__dataclass_fields__)


def signing_options(
    *, key: str = "--key", required: bool = True, formats: bool = True, roots: bool = True
) -> Callable[[Decorated], Callable[..., Any]]:
    """Add them; the command receives ``signing: SigningOptions``.

    Args:
        key: the name of the option for the private key.
        required: whether one of key and ``--keyless`` must be given.
        formats: whether ``--format`` is there; without, everything is a bundle.
        roots: whether ``--trusted-root``, ``--tuf-url``, ``--tuf-root`` and ``--offline`` are there; a command whose
            options of trust have them already puts them in itself.
    """

    def decorate(command: Decorated) -> Callable[..., Any]:
        def wrapped(**arguments: Any) -> Any:  # noqa: ANN401 - the command's other options, and whatever it returns
            given = {name: arguments.pop(f"signing_{name}", None) for name in _NAMES}
            options = SigningOptions(**{name: value for name, value in given.items() if value is not None})
            _check(options, key, required=required, roots=roots)
            return command(signing=options, **arguments)

        chosen = [*_by_key(key), *_keyless(), *(_roots() if roots else ()), *(_format() if formats else ())]
        return with_options(chosen, wrapped, command)

    return decorate


def _check(options: SigningOptions, key: str, *, required: bool, roots: bool) -> None:
    if options.keyless and options.key is not None:
        raise UsageError(
            f"{key} and --keyless contradict each other",
            hint=f"give one of them; {key} may also come from GITLESS_SIGNING_KEY",
        )
    if required and not options:
        raise UsageError(
            "there is nothing to sign with",
            hint=f"give {key} cosign.key, or --keyless with an identity token",
        )
    if options.keyless and options.format != SignatureFormat.BUNDLE.value:
        raise UsageError(f"--keyless makes bundles, not --format {options.format}")
    if options.tuf_url and (options.trusted_root or options.signing_config):
        raise UsageError("--tuf-url serves the trusted root and the signing configuration; give it or the files")
    if roots and options.signing_config and not options.trusted_root:
        raise UsageError("--signing-config needs --trusted-root: it has what the signature is checked with")


def _by_key(key: str) -> list[Callable[[Any], Any]]:
    return [
        option(
            key,
            "signing_key",
            metavar="FILE",
            envvar="GITLESS_SIGNING_KEY",
            show_envvar=True,
            help="Private key: cosign.key, a plain ECDSA, RSA or Ed25519 key in PEM, or a URI such as awskms:///alias/NAME.",
        ),
        option("--password-file", "signing_password_file", type=_FILE, metavar="FILE", help=_PASSWORD_HELP),
    ]


def _keyless() -> list[Callable[[Any], Any]]:
    return [
        option("--keyless", "signing_keyless", is_flag=True, help="Sign as the identity of this job, without a key."),
        option(
            "--identity-token-file",
            "signing_identity_token_file",
            type=_FILE,
            metavar="FILE",
            help="OIDC token for --keyless; otherwise SIGSTORE_ID_TOKEN, or what the CI system offers.",
        ),
        option(
            "--signing-config",
            "signing_signing_config",
            type=_FILE,
            metavar="FILE",
            help="Which services sign for --keyless; otherwise Sigstore's public ones.",
        ),
    ]


def _roots() -> list[Callable[[Any], Any]]:
    return [
        option(
            "--trusted-root",
            "signing_trusted_root",
            type=_FILE,
            metavar="FILE",
            help="trusted_root.json of the services.",
        ),
        option("--tuf-url", "signing_tuf_url", metavar="URL", help="TUF repository that serves both of these files."),
        option(
            "--tuf-root",
            "signing_tuf_root",
            type=_FILE,
            metavar="FILE",
            help="root.json that the first contact with --tuf-url is checked with.",
        ),
        option("--offline", "signing_offline", is_flag=True, help="Take both files from the cache."),
    ]


def _format() -> list[Callable[[Any], Any]]:
    return [
        option(
            "--format",
            "signing_format",
            envvar="GITLESS_SIGNATURE_FORMAT",
            type=click.Choice([item.value for item in SignatureFormat]),
            default=SignatureFormat.BUNDLE.value,
            show_default=True,
            help="bundle: for cosign 3 and Flux since 2.8; simple: the .sig tag of cosign 2 and older Flux.",
        )
    ]


_FILE = click.Path(dir_okay=False)
_PASSWORD_HELP = "File with the key's password."  # noqa: S105 - a help text
