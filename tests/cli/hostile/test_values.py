"""Values that make no sense, on the command line and in the environment: exit code 2, the value and its place named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.hostile.conftest import Gitless

APPLY = ("apply", "app", "--insecure-skip-verification")
LIST = ("list", "oci://registry.test/shop")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("list", "oci://registry.test:99999/shop"), "'oci://registry.test:99999/shop': 99999 is no port"),
        (("list", "oci://[::1]:0/shop"), "0 is no port; expected 1 to 65535"),
        ((*LIST, "--registry-timeout", "nan"), "'--registry-timeout': nan is not a number of seconds up to 86400"),
        ((*LIST, "--registry-timeout", "inf"), "'--registry-timeout': inf is not a number of seconds"),
        ((*LIST, "--registry-timeout", "1e300"), "'--registry-timeout': 1e300 is not a number of seconds"),
        ((*APPLY, "--timeout", "5"), "'--timeout': '5' is not a duration; expected a number and a unit"),
        ((*APPLY, "--timeout", ""), "'--timeout': '' is not a duration"),
        ((*APPLY, "--timeout", "-5s"), "'--timeout': '-5s' is not a duration"),
        (("verify", "--timeout", "9" * 400 + "h"), "is too long; expected a duration of at most 8760h"),
        (("run", "--timeout", "soon"), "'--timeout': 'soon' is not a duration"),
        ((*APPLY, "-n", "Not A Namespace"), "'Not A Namespace' cannot name a namespace"),
        ((*APPLY, "-n", "../kube-system"), "'../kube-system' cannot name a namespace"),
        ((*APPLY, "-n", "n" * 64), "cannot name a namespace; expected up to 63"),
        (("verify", "--inventory", "../x"), "'../x' cannot name an inventory"),
        (("keys", "generate", "--output-key-prefix", ""), "--output-key-prefix '' ends in no file name"),
        (("keys", "generate", "--output-key-prefix", "app/"), "--output-key-prefix 'app/' ends in no file name"),
    ],
)
def test_nonsense_on_the_command_line_is_named(
    gitless: Gitless, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    before = sorted(folder.rglob("*"))
    code, out, err = gitless(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("variable", "value", "arguments"),
    [
        ("GITLESS_VERBOSE", "maybe", ("build", "app")),
        ("GITLESS_OUTPUT", "xml", ("build", "app")),
        ("GITLESS_TIMEOUT", "soon", APPLY),
        ("GITLESS_REGISTRY_TIMEOUT", "nan", LIST),
        ("GITLESS_CONCURRENCY", "many", APPLY),
        ("GITLESS_CA_FILE", "missing.pem", LIST),
    ],
)
def test_nonsense_in_the_environment_is_traced_to_its_variable(
    gitless: Gitless, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv(variable, value)
    code, out, err = gitless(*arguments)
    assert (code, out) == (2, "")
    assert value in err
    assert err.endswith(f"  the value comes from the environment: {variable}\n")


def test_an_argument_that_is_missing_is_told_with_its_variable(
    gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLESS_FROM", "")
    code, out, err = gitless("promote")
    assert (code, out) == (2, "")
    assert err.endswith("Missing argument 'FROM'.\n  give it, or set GITLESS_FROM to something that is not empty\n")


def test_a_right_value_on_the_command_line_is_not_blamed_on_the_environment(
    gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITLESS_OUTPUT", "json")
    code, _, err = gitless("build", "app", "-o", "xml")
    assert code == 2
    assert "environment" not in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("build", "missing"), "missing does not exist"),
        (("build",), "Missing argument 'PATH...'."),
        (("build", "app", "-o", "xml"), "'xml' is not one of 'yaml', 'text', 'json'."),
        (("build", "app", "--colour"), "No such option '--colour'."),
    ],
)
@pytest.mark.parametrize("by_variable", [False, True])
def test_every_error_is_one_json_line_where_json_is_asked_for(
    gitless: Gitless, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], message: str, *, by_variable: bool
) -> None:
    if by_variable:
        monkeypatch.setenv("GITLESS_LOG_FORMAT", "json")
    else:
        arguments = (*arguments, "--log-format", "json")
    code, out, err = gitless(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    document = json.loads(err)
    assert (document["level"], document["code"]) == ("error", "usage")
    assert message in document["message"]


def test_control_characters_of_names_do_not_reach_the_terminal(gitless: Gitless) -> None:
    code, _, err = gitless("build", "\x1b[31mred\x07\u202eder")
    assert code == 2
    assert "\\x1b[31mred\\x07\\u202eder does not exist" in err
    assert "\x1b" not in err
    assert "\u202e" not in err
