"""``gitless keys``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import click

from pipeline.cli.options import option, registry_options
from pipeline.cli.passwords import key_password
from pipeline.cli.terminal import Terminal, talking
from pipeline.errors import UsageError
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.trust.key_forms import KeyForm, KeyType

_PASSWORD_FILE = option(
    "--password-file", type=click.Path(dir_okay=False), metavar="FILE", help="File with the private key's password."
)
_TYPE = option(
    "--type",
    "key_type",
    type=click.Choice([item.value for item in KeyType]),
    default=KeyType.ECDSA_P256.value,
    show_default=True,
    help="Kind of key; every verifier takes the default.",
)


@click.group()
def command() -> None:
    """Make, show, convert and change signing keys: the same files that cosign makes and reads.

    \b
    gitless keys generate                   # cosign.key (secret) and cosign.pub
    gitless keys show cosign.pub
    gitless keys rotate                     # a new key, and the old one accepted beside it for a while
    """  # noqa: D301 - \b is click's mark for text that must keep its lines


@command.command()
@option("--output-key-prefix", default="cosign", show_default=True, metavar="NAME", help="Write NAME.key and NAME.pub.")
@_TYPE
@_PASSWORD_FILE
@talking()
def generate(*, output_key_prefix: str, key_type: str, password_file: str | None, terminal: Terminal) -> None:
    """Write a new key pair, the private key encrypted as cosign does it. Never overwrites.

    The password comes from --password-file, COSIGN_PASSWORD or a prompt. Keys in a key management service are made
    there, and named by URI wherever a key is: see docs/plugins.md.

    \b
    gitless keys generate
    gitless keys generate --output-key-prefix keys/release --password-file password.txt
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring

    _check_prefix(output_key_prefix)
    read_password = _new_password(password_file, terminal)
    terminal.print_result(wiring.generate_key_pair(output_key_prefix, read_password, KeyType(key_type)))


@command.command()
@click.argument("key")
@_PASSWORD_FILE
@talking()
def show(*, key: str, password_file: str | None, terminal: Terminal) -> None:
    """Show a key's type and fingerprint, and the public key that belongs to it.

    KEY is a file (a private key, a public one in PEM, DER or OpenSSH's form, or a certificate) or a URI such as
    awskms:///alias/release. The fingerprint is SHA-256 over the public key's DER:
    `openssl pkey -pubin -in FILE -outform DER | sha256sum` shows the same.

    \b
    gitless keys show cosign.pub
    gitless keys show cosign.key -o json | jq -r .publicKey
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring

    terminal.print_result(wiring.describe_key(key, key_password(password_file), os.environ))


@command.command()
@click.argument("key")
@option("--to", "form", type=click.Choice([item.value for item in KeyForm]), required=True, envvar=None,
        help="cosign, pkcs8, sec1: the private key; pem, der, openssh: the public one.")  # fmt: skip
@option("--output-file", default="", type=click.Path(dir_okay=False), metavar="FILE", envvar=None,
        help="Write a new file; otherwise the public key is printed.")  # fmt: skip
@_PASSWORD_FILE
@option("--new-password-file", type=click.Path(dir_okay=False), metavar="FILE",
        help="File with the password for --to cosign; otherwise the one that opened the key.")  # fmt: skip
@talking()
def convert(
    *,
    key: str,
    form: str,
    output_file: str,
    password_file: str | None,
    new_password_file: str | None,
    terminal: Terminal,
) -> None:
    """Write a key in another form. Never overwrites, and never prints a private key.

    KEY is a file or a URI, as for show. --to cosign also brings older files of cosign's up to date; pkcs8 and sec1 are
    not encrypted, for tools that want them so.

    \b
    gitless keys convert cosign.key --to pkcs8 --output-file plain.pem
    gitless keys convert plain.pem --to cosign --output-file cosign.key
    gitless keys convert awskms:///alias/release --to pem --output-file release.pub
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring

    if output_file == "-":
        output_file = ""
    old = _Remembered(key_password(password_file))

    def new() -> bytes:
        if new_password_file is None and old.password is not None:
            return old.password
        return _new_password(new_password_file or password_file, terminal)()

    done = wiring.convert_key(key, KeyForm(form), output_file, (old, new), os.environ)
    if done.is_private and done.form != KeyForm.COSIGN.value:
        terminal.reporter.warn(f"{output_file} is not encrypted: whoever can read it can sign")
    terminal.print_result(done)


@command.command()
@option("-f", "--file", type=click.Path(dir_okay=False, path_type=Path), default="gitless.yaml", show_default=True,
        help="The settings file, whose signing.key and trust.keys change.")  # fmt: skip
@option("--trust-policy", "documents", multiple=True, type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
        envvar=None, help="A TrustPolicy document to change as well; repeatable.")  # fmt: skip
@option("--old-key", default="", type=click.Path(dir_okay=False), metavar="FILE", envvar=None,
        help="The old public key, where it is not the one beside signing.key.")  # fmt: skip
@option("--output-key-prefix", default="", metavar="NAME",
        help="Write NAME.key and NAME.pub; otherwise the old name with the next number.")  # fmt: skip
@_TYPE
@_PASSWORD_FILE
@option("--finish", is_flag=True, envvar=None, help="End the overlap: accept the old key no more.")
@option("--check", "references", multiple=True, metavar="REFERENCE", envvar=None,
        help="With --finish: refuse unless the new key has signed this artifact; repeatable.")  # fmt: skip
@option("--dry-run", is_flag=True, envvar=None, help="Show what would change, and write nothing.")
@registry_options
@talking()
def rotate(
    *, file: Path, documents: tuple[Path, ...], old_key: str, output_key_prefix: str, key_type: str,
    password_file: str | None, finish: bool, references: tuple[str, ...], dry_run: bool,
    registry_options: RegistryOptions, terminal: Terminal,
) -> None:  # fmt: skip
    """Change to a new signing key, in two steps, so that everything published stays accepted.

    First a new key pair is made, gitless.yaml signs with it and accepts both; then, when all that is current has been
    signed anew, --finish takes the old key out. Only these lines of the files change. No key file is overwritten or
    deleted.

    \b
    gitless keys rotate
    gitless sign oci://ghcr.io/acme/shop@sha256:0d9f… --key cosign-2.key
    gitless keys rotate --finish --check oci://ghcr.io/acme/shop:production
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.config import load_settings
    from pipeline.signers.cosign.key_rotation import Rotation

    if references and not finish:
        raise UsageError("--check goes with --finish", hint="the first step takes nothing away")
    if finish and output_key_prefix:
        raise UsageError("--finish makes no key, so there is nothing for --output-key-prefix")
    if output_key_prefix:
        _check_prefix(output_key_prefix)
    rotation = Rotation(
        settings_file=file, documents=documents, old_key=old_key, prefix=output_key_prefix,
        key_type=KeyType(key_type), is_dry_run=dry_run,
    )  # fmt: skip
    if finish:
        if not references:
            terminal.reporter.warn("nothing was asked whether it still needs the old key (--check)")
        result = wiring.finish_rotation(rotation, references, registry_options, os.environ, terminal.reporter)
    else:
        signing = load_settings(file).signing
        password_file = password_file or (signing.password_file if signing else None) or None
        result = wiring.start_rotation(rotation, _new_password(password_file, terminal))
    terminal.print_result(result)


class _Remembered:
    """A password that was asked for once."""

    def __init__(self, find: Callable[[], bytes]) -> None:
        self._find = find
        self.password: bytes | None = None

    def __call__(self) -> bytes:
        self.password = self._find()
        return self.password


def _new_password(password_file: str | None, terminal: Terminal) -> Callable[[], bytes]:
    find_password = key_password(password_file, confirm=True)

    def read_password() -> bytes:
        password = find_password()
        if not password:
            terminal.reporter.warn("the password is empty: whoever can read the private key's file can sign")
        return password

    return read_password


def _check_prefix(prefix: str) -> None:
    if prefix in {"", "."} or prefix.endswith(("/", "/.", "..")):
        raise UsageError(
            f"--output-key-prefix '{prefix}' ends in no file name", hint="such as keys/release, for two files"
        )
