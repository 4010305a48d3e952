from tests.delivery.help_blocks import PAGE, README, page, with_current_help


def test_the_readme_shows_the_help_that_the_program_prints() -> None:
    text = README.read_text()

    assert "<!-- help: gitless -->" in text
    assert with_current_help(text) == text


def test_the_page_of_commands_shows_the_help_of_every_one() -> None:
    assert PAGE.read_text() == page()
