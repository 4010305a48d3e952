"""What packages install beside the program: manual pages and completion scripts."""

from __future__ import annotations

import subprocess

from tests.delivery.completions import FOLDER as SCRIPTS
from tests.delivery.completions import scripts
from tests.delivery.man_pages import FOLDER, pages
from tests.platform.binaries import binary


def test_pages_are_what_the_program_has_now() -> None:
    assert {file.name: file.read_text() for file in FOLDER.iterdir()} == pages()


def test_a_reader_of_manual_pages_takes_them_all() -> None:
    files = sorted(FOLDER.iterdir())

    command = [str(binary("mandoc")), "-T", "lint", "-W", "error", *map(str, files)]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stdout) == (0, "")


def test_a_page_has_what_help_says() -> None:
    shown = subprocess.run(
        [binary("mandoc"), "-T", "ascii", "-O", "width=100", FOLDER / "gitless-package.1"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    text = "".join(part for index, part in enumerate(shown) if shown[index + 1 : index + 2] != "\b" and part != "\b")

    assert "gitless-package - Pack a folder as an OCI artifact and push it" in text
    assert "gitless package [OPTIONS] PATH REFERENCE" in text
    assert "\n       gitless build deploy/ | gitless package - oci-layout:out/shop:1.0\n" in text
    assert "\n       -t, --tag TEXT\n" in text
    assert "gitless(1)" in text


def test_completion_scripts_are_what_the_program_prints() -> None:
    assert {name: (SCRIPTS / name).read_text() for name in scripts()} == scripts()
