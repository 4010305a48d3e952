"""Options that several commands share; every one can also be given as ``GITLESS_<NAME>`` in the environment."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from pipeline.cli import completing
from pipeline.errors import ConfigurationError, UsageError
from pipeline.model.settings.connections import ClusterOptions, RegistryOptions
from pipeline.model.settings.providers import CHOICES, GENERIC

_LONGEST = 86400.0
"""Seconds; whoever waits for a registry for longer than a day has mistyped."""
_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_LONGEST_NAMESPACE = 63
"""A label of RFC 1123."""
_LONGEST_PASSWORD = 65536
"""Characters; tokens of clouds have a few thousand."""
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class _LinesOption(click.Option):
    """Where it can be given several times, its variable has one value in each line."""

    def value_from_envvar(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Read the variable."""
        return _lines(self, ctx) if self.multiple else super().value_from_envvar(ctx)


class _LinesArgument(click.Argument):
    """The same for an argument of which there can be several."""

    def value_from_envvar(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Read the variable."""
        return _lines(self, ctx) if self.nargs == _SEVERAL else super().value_from_envvar(ctx)


_SEVERAL = -1


def _lines(parameter: click.Parameter, ctx: click.Context) -> list[str] | None:
    text = parameter.resolve_envvar_value(ctx)
    if text is None:
        return None
    # Files on one line are separated as in PATH, like everywhere else.
    if "\n" not in text and isinstance(parameter.type, click.Path):
        return list(parameter.type.split_envvar_value(text))
    return [line.strip() for line in text.splitlines() if line.strip()]


def option(*declarations: str, **attributes: Any) -> Callable[[Decorated], Decorated]:  # noqa: ANN401 - click's own
    """``click.option`` that also reads ``GITLESS_<LONG_NAME>``; of a repeatable one, a value in each line."""
    if "envvar" not in attributes:
        long_name = next(name for name in declarations if name.startswith("--")).partition("/")[0]
        attributes["envvar"] = variable(long_name)
    return click.option(*declarations, cls=_LinesOption, **attributes)


def argument(name: str, *, envvar: str, **attributes: Any) -> Callable[[Decorated], Decorated]:  # noqa: ANN401 - the same
    """``click.argument`` that also reads ``GITLESS_<envvar>``, so that a CI step needs no shell to fill it in."""
    return click.argument(name, cls=_LinesArgument, envvar=variable(envvar), **attributes)


def variable(name: str) -> str:
    """``--some-name`` as ``GITLESS_SOME_NAME``."""
    return "GITLESS_" + name.removeprefix("--").replace("-", "_").upper()


class Duration(click.types.FloatParamType):
    """Go's notation, such as ``1m30s``; the command receives seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's signature
        """Read it, and name the option where it cannot be read."""
        from pipeline.model.documents.durations import parse_duration

        if isinstance(value, float):
            return value
        try:
            return parse_duration(value)
        except ConfigurationError as error:
            self.fail(error.message, param, ctx)


class Seconds(click.FloatRange):
    """A number of seconds that one can wait for: ``nan`` and ``inf`` are in no range that a clock knows."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's signature
        """Read it, and name the option where it cannot be waited for."""
        seconds: float = super().convert(value, param, ctx)
        if not seconds <= _LONGEST:  # nan is not, either
            self.fail(f"{value} is not a number of seconds up to {_LONGEST:.0f}", param, ctx)
        return seconds


_REGISTRY = (
    option("--username", help="Registry user; otherwise the docker configuration is asked."),
    option("--password-stdin", is_flag=True, help="Read the registry password from standard input."),
    option("--provider", type=click.Choice(CHOICES), default=GENERIC, show_default=True,
           help="Log in by this provider's CI or cloud identity; auto: that of the registry's name."),
    option("--ca-file", type=click.Path(exists=True, dir_okay=False), help="Trust this CA for the registry."),
    option("--cert-file", type=click.Path(exists=True, dir_okay=False), help="Client certificate (PEM)."),
    option("--key-file", type=click.Path(exists=True, dir_okay=False), help="Client certificate's key (PEM)."),
    option("--plain-http", is_flag=True, help="Talk HTTP to the registry (loopback may always)."),
    option("--registry-timeout", type=Seconds(min=0.1), default=30.0, show_default=True, metavar="SECONDS",
           help="Give up on a registry request after this long without an answer."),
)  # fmt: skip
_CLUSTER = (
    option("--kubeconfig", type=click.Path(), metavar="FILE", help="Kubeconfig file; otherwise KUBECONFIG."),
    option("--context", shell_complete=completing.contexts, help="Context of the kubeconfig to use."),
)


def registry_options(command: Decorated) -> Callable[..., Any]:
    """How to reach a registry; the command receives it as ``registry_options: RegistryOptions``."""

    def wrapped(
        *,
        username: str | None,
        password_stdin: bool,
        ca_file: str | None,
        cert_file: str | None,
        key_file: str | None,
        plain_http: bool,
        registry_timeout: float,
        provider: str,
        **arguments: Any,  # noqa: ANN401 - the command's other options
    ) -> Any:  # noqa: ANN401 - whatever the command returns
        if (username is None) == password_stdin:
            raise click.UsageError("--username and --password-stdin go together")
        if username is not None:
            _check_username(username)
        password = _read_password() if password_stdin else None
        options = RegistryOptions(
            username, password, ca_file, cert_file, key_file, plain_http, registry_timeout, provider=provider
        )
        return command(registry_options=options, **arguments)

    return with_options(_REGISTRY, wrapped, command)


def _check_username(username: str) -> None:
    """Refuse what Basic authentication (RFC 7617) has no place for."""
    if not username or ":" in username or _UNSENDABLE.search(username):
        raise UsageError(
            f"--username is {ascii(username)[:80]}; expected a name without ':', control characters and broken UTF-8"
        )


def _read_password() -> str:
    try:
        password = sys.stdin.readline(_LONGEST_PASSWORD + 2).rstrip("\r\n")
    except UnicodeDecodeError:
        raise UsageError("the password on standard input is not UTF-8") from None
    if len(password) > _LONGEST_PASSWORD:
        raise UsageError(
            f"the password on standard input has more than {_LONGEST_PASSWORD} characters; expected one line"
        )
    # Where the locale is POSIX, Python reads what is no UTF-8 as halves of characters.
    if _UNSENDABLE.search(password):
        raise UsageError("the password on standard input is not UTF-8, or has control characters; expected one line")
    if not password:
        raise UsageError("--password-stdin: there is no password on standard input", hint="pipe it in, as one line")
    return password


def with_options(
    options: Sequence[Callable[[Any], Any]], wrapped: Callable[..., Any], command: Callable[..., Any]
) -> Callable[..., Any]:
    """``wrapped`` in the command's place: with its name, help and parameters, and these options before them."""
    wrapped.__name__ = command.__name__
    wrapped.__doc__ = command.__doc__
    wrapped.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    return options_of(*options)(wrapped)


def options_of(*options: Callable[[Any], Any]) -> Callable[[Decorated], Decorated]:
    """Several options as one decorator, in help in this order."""

    def decorate(command: Decorated) -> Decorated:
        for add in reversed(options):
            command = add(command)
        return command

    return decorate


def cluster_options(command: Decorated) -> Callable[..., Any]:
    """Which cluster, named as in kubectl; the command receives it as ``cluster_options: ClusterOptions``."""
    return cluster_and_namespace("Namespace of the inventory, and of objects that name none.")(command)


def cluster_and_namespace(namespace_help: str, default: str | None = None) -> Callable[[Decorated], Callable[..., Any]]:
    """The same, where ``-n`` means something else or has a default."""

    def decorate(command: Decorated) -> Callable[..., Any]:
        def wrapped(
            *,
            kubeconfig: str | None,
            context: str | None,
            namespace: str | None,
            **arguments: Any,  # noqa: ANN401 - the command's other options
        ) -> Any:  # noqa: ANN401 - whatever the command returns
            check_namespace(namespace)
            return command(cluster_options=ClusterOptions(kubeconfig, context, namespace), **arguments)

        named = option("-n", "--namespace", default=default, show_default=default is not None, help=namespace_help)
        return with_options((*_CLUSTER, named), wrapped, command)

    return decorate


def check_namespace(namespace: str | None) -> None:
    """Refuse what cannot name a namespace.

    Raises:
        UsageError: it cannot; nothing at all is fine.
    """
    if namespace and (_NAMESPACE.fullmatch(namespace) is None or len(namespace) > _LONGEST_NAMESPACE):
        raise UsageError(
            f"'{namespace}' cannot name a namespace; expected up to {_LONGEST_NAMESPACE} lower-case letters, digits"
            " or '-', beginning and ending with a letter or digit"
        )
