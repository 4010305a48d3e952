"""What ``gitless install`` has the pod run is a command line that ``gitless puller`` takes."""

from __future__ import annotations

import click
import pytest

from pipeline.cli import application, install, puller
from tests.cli.installation.conftest import Gitless
from tests.cli.installation.test_installation_commands import documents

SWITCHES = (
    ("--no-watch-all-namespaces",),
    ("--no-cross-namespace-refs", "--allow-remote-bases", "--no-strict-substitution"),
)
VALUES = {
    "--watch-label-selector": "sharding.fluxcd.io/key=two",
    "--concurrent": "200",
    "--cache-max-size": "2Gi",
    "--artifact-max-size": "1Gi",
    "--default-service-account": "deployer",
    "--requeue-dependency": "1m30s",
    "--interval-jitter-percentage": "50",
    "--sops-age-secret": "age",
    "--trust-policy": "flux-system/trust",
}


def taken(name: str, arguments: list[str]) -> dict[str, object]:
    """What the command makes of arguments; below its group, for it keeps the group's names of the help option."""
    with click.Context(application, **application.context_settings) as group:
        return dict(puller.command.make_context(name, arguments, parent=group).params)


def parsed(gitless: Gitless, *options: str) -> dict[str, object]:
    """What the process makes of the arguments in the exported Deployment."""
    outcome = gitless("install", "--export", *options)
    assert outcome.code == 0, outcome.err
    (deployment,) = (document for document in documents(outcome.out) if document["kind"] == "Deployment")
    name, *arguments = deployment["spec"]["template"]["spec"]["containers"][0]["args"]
    return taken(name, arguments)


def test_the_process_takes_what_is_installed_by_default(gitless: Gitless) -> None:
    assert parsed(gitless) == taken("puller", [])


@pytest.mark.parametrize("option", VALUES)
def test_the_process_takes_every_value(gitless: Gitless, option: str) -> None:
    default = parsed(gitless)

    changed = parsed(gitless, option, VALUES[option])

    assert [name for name in default if default[name] != changed[name]] == [option.removeprefix("--").replace("-", "_")]


@pytest.mark.parametrize("switches", SWITCHES)
def test_the_process_takes_every_switch(gitless: Gitless, switches: tuple[str, ...]) -> None:
    default = parsed(gitless)

    changed = parsed(gitless, *switches)

    assert sum(default[name] != changed[name] for name in default) == len(switches)


def test_the_process_knows_every_log_level_that_can_be_installed() -> None:
    def levels(command: click.Command) -> object:
        (found,) = (item for item in command.params if item.name == "log_level")
        assert isinstance(found.type, click.Choice)
        return found.type.choices

    assert levels(install.command) == levels(puller.command)
