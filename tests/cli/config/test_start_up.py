import subprocess
import sys

import pytest

HEAVY = {"kubernetes", "docker", "oras", "yaml", "requests", "urllib3", "cryptography", "sh", "jsonschema_rs", "nacl"}


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nfrom pipeline.cli import application\n"
        f"application.main({arguments!r}, standalone_mode=False)\n"
        "print('|'.join(sorted({name.partition('.')[0] for name in sys.modules})))"
    )

    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)

    assert not HEAVY & set(done.stdout.splitlines()[-1].split("|"))


def test_an_unknown_command_is_a_usage_error() -> None:
    done = subprocess.run([sys.executable, "-m", "pipeline", "aply"], check=False, capture_output=True, text=True)

    assert done.returncode == 2
    assert done.stdout == ""
    assert "aply" in done.stderr
