"""``gitless create secret``."""

from __future__ import annotations

import os
import sys

import click

from pipeline.cli.creating import Writing, creating, file_content
from pipeline.cli.options import option
from pipeline.errors import UsageError

_FILE = click.Path(exists=True, dir_okay=False)
_PASSWORD = option("--password-stdin", is_flag=True, envvar=None, help="Read the password from standard input.")


@click.group()
def secret() -> None:
    """Create or update a Secret for sources.

    Passwords come from standard input and keys from files. There is no --password, as flux has: whoever may list
    processes can read command lines, and shells remember them.

    \b
    gitless create secret oci registry --url ghcr.io --username ci --password-stdin < token
    gitless create secret tls certs --ca-crt-file ca.crt --export
    """  # noqa: D301 - \b is click's mark for text that must keep its lines


@secret.command()
@option("--url", required=True, envvar=None, metavar="HOST", help="The registry, such as ghcr.io.")
@option("-u", "--username", required=True, envvar=None, help="Registry user.")
@_PASSWORD
@creating
def oci(*, url: str, username: str, password_stdin: bool, writing: Writing) -> None:
    """Create or update an image pull Secret, to log in to a registry with.

    \b
    gitless create secret oci registry --url ghcr.io --username ci --password-stdin < token
    gitless create secret oci registry --url ghcr.io -u ci --password-stdin --export < token > registry.yaml
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.model.creating.secrets import registry_login
    from pipeline.model.flux.api import SECRETS

    if not password_stdin:
        raise UsageError("no password is given", hint="pipe it in, with --password-stdin")
    writing.write(registry_login(writing.named, url, username, _password()), SECRETS)


@secret.command()
@option("--tls-crt-file", type=_FILE, envvar=None, metavar="FILE", help="Client certificate (PEM).")
@option("--tls-key-file", type=_FILE, envvar=None, metavar="FILE", help="Its key (PEM).")
@option("--ca-crt-file", type=_FILE, envvar=None, metavar="FILE", help="Certificate authority to trust (PEM).")
@creating
def tls(*, tls_crt_file: str | None, tls_key_file: str | None, ca_crt_file: str | None, writing: Writing) -> None:
    """Create or update a Secret with certificates for a registry.

    \b
    gitless create secret tls certs --ca-crt-file ca.crt
    gitless create secret tls certs --tls-crt-file client.crt --tls-key-file client.key --export
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.model.creating.secrets import certificates
    from pipeline.model.flux.api import SECRETS

    body = certificates(
        writing.named,
        certificate=file_content(tls_crt_file),
        key=file_content(tls_key_file),
        authority=file_content(ca_crt_file),
    )
    writing.write(body, SECRETS)


@secret.command()
@option("--address", required=True, envvar=None, metavar="URL", help="The proxy, such as http://proxy.test:3128.")
@option("-u", "--username", default="", envvar=None, help="Proxy user.")
@_PASSWORD
@creating
def proxy(*, address: str, username: str, password_stdin: bool, writing: Writing) -> None:
    """Create or update a Secret with a proxy to reach a registry through.

    \b
    gitless create secret proxy egress --address http://proxy.test:3128
    gitless create secret proxy egress --address http://proxy.test:3128 -u puller --password-stdin < password
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.model.creating.secrets import proxy as make
    from pipeline.model.flux.api import SECRETS

    if bool(username) != password_stdin:
        raise UsageError("--username and --password-stdin go together")
    writing.write(make(writing.named, address, username, _password() if password_stdin else ""), SECRETS)


@secret.command()
@option("--key", multiple=True, required=True, type=_FILE, envvar=None, metavar="FILE",
        help="Public key (cosign.pub); repeatable, any one is enough.")  # fmt: skip
@creating
def cosign(*, key: tuple[str, ...], writing: Writing) -> None:
    """Create or update a Secret with public keys, to verify signatures with.

    \b
    gitless create secret cosign shop-keys --key cosign.pub
    gitless create secret cosign shop-keys --key old.pub --key new.pub --export
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline import wiring
    from pipeline.model.creating.secrets import public_keys
    from pipeline.model.flux.api import SECRETS
    from pipeline.model.settings.trust import TrustOptions

    wiring.trust_policy(TrustOptions(keys=key), os.environ)  # refuses what is no public key, a private one above all
    writing.write(public_keys(writing.named, {file: file_content(file) for file in key}), SECRETS)


@secret.command()
@option("--trust-policy-file", required=True, type=_FILE, envvar=None, metavar="FILE",
        help="Notation's trust policy (trustpolicy.json).")  # fmt: skip
@option("--ca-cert-file", multiple=True, required=True, type=_FILE, envvar=None, metavar="FILE",
        help="Certificate for its trust stores (*.crt or *.pem); repeatable.")  # fmt: skip
@creating
def notation(*, trust_policy_file: str, ca_cert_file: tuple[str, ...], writing: Writing) -> None:
    """Create or update a Secret to verify Notation's signatures with.

    \b
    gitless create secret notation shop-trust --trust-policy-file trustpolicy.json --ca-cert-file acme.crt
    gitless create secret notation shop-trust --trust-policy-file trustpolicy.json --ca-cert-file acme.crt --export
    """  # noqa: D301 - \b is click's mark for text that must keep its lines
    from pipeline.model.creating.secrets import notation_trust
    from pipeline.model.flux.api import SECRETS

    authorities = {file: file_content(file) for file in ca_cert_file}
    writing.write(notation_trust(writing.named, file_content(trust_policy_file), authorities), SECRETS)


def _password() -> str:
    try:
        return sys.stdin.readline().rstrip("\r\n")
    except UnicodeDecodeError:
        raise UsageError("the password on standard input is not UTF-8") from None
