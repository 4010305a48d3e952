from pipeline.cli.application import COMMANDS
from tests.delivery.help_blocks import README, commands_shown, with_current_help


def test_the_readme_shows_the_help_that_the_program_prints() -> None:
    text = README.read_text()

    assert with_current_help(text) == text


def test_the_readme_shows_the_help_of_every_stage() -> None:
    shown = set(commands_shown(README.read_text()))

    assert {"", "run", "build", "package", "sign", "diff", "apply", "verify"} <= shown
    assert {"install", "bootstrap", "get", "reconcile", "wait", "trace", "puller"} <= shown
    assert shown - {""} <= set(COMMANDS)
