"""``gitless keys``."""

from __future__ import annotations

import click

from pipeline.cli.options import Terminal, option, talking
from pipeline.cli.passwords import key_password
from pipeline.errors import UsageError

_PASSWORD_FILE = option(
    "--password-file", type=click.Path(dir_okay=False), metavar="FILE", help="File with the private key's password."
)


@click.group()
def command() -> None:
    """Make and show signing keys: the same files that cosign makes and reads.

    \b
    gitless keys generate                   # cosign.key (secret) and cosign.pub
    gitless keys show cosign.pub
    """  # noqa: D301 - \b is click's mark for text that must keep its lines


@command.command()
@option("--output-key-prefix", default="cosign", show_default=True, metavar="NAME", help="Write NAME.key and NAME.pub.")
@_PASSWORD_FILE
@talking()
def generate(*, output_key_prefix: str, password_file: str | None, terminal: Terminal) -> None:
    """Write a new key pair: ECDSA P-256, the private key encrypted as cosign does it. Never overwrites.

    The password comes from --password-file, COSIGN_PASSWORD or a prompt.

    \b
    gitless keys generate
    gitless keys generate --output-key-prefix keys/release --password-file password.txt
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring

    if output_key_prefix in {"", "."} or output_key_prefix.endswith(("/", "/.", "..")):
        raise UsageError(
            f"--output-key-prefix '{output_key_prefix}' ends in no file name",
            hint="such as keys/release, for two files",
        )
    find_password = key_password(password_file, confirm=True)

    def read_password() -> bytes:
        password = find_password()
        if not password:
            terminal.reporter.warn("the password is empty: whoever can read the private key's file can sign")
        return password

    terminal.print_result(wiring.generate_key_pair(output_key_prefix, read_password))


@command.command()
@click.argument("file", type=click.Path(dir_okay=False))
@_PASSWORD_FILE
@talking()
def show(*, file: str, password_file: str | None, terminal: Terminal) -> None:
    """Show a key's type and fingerprint, and the public key that belongs to it.

    The fingerprint is SHA-256 over the public key's DER: `openssl pkey -pubin -in FILE -outform DER | sha256sum`
    shows the same.

    \b
    gitless keys show cosign.pub
    gitless keys show cosign.key -o json | jq -r .publicKey
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring

    terminal.print_result(wiring.describe_key(file, key_password(password_file)))
