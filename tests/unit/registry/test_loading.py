"""What loads in the background is waited for before others import the same packages."""

from __future__ import annotations

import subprocess
import sys
from threading import Event

from pipeline.loading import Loading, settle


def test_who_settles_waits_for_all_that_loads() -> None:
    go = Event()
    loadings = [Loading(go.wait), Loading(go.wait)]
    waiting = Loading(settle)  # by somebody who loads itself

    go.set()
    settle()

    assert [loading.result() for loading in loadings] == [True, True]
    assert waiting.result() is None


def test_the_engines_sdk_is_imported_whole_while_a_registrys_client_is_loading() -> None:
    script = (
        "import sys; from pipeline.cli import application; from pipeline.cli.boundary import run_guarded;"
        "sys.exit(run_guarded(application,"
        " ['image', 'push', '127.0.0.1:1/acme/web:1', '--engine', 'tcp://127.0.0.1:1', '--ci', 'none']))"
    )
    outcome = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=120)

    assert outcome.returncode == 2
    assert "no container engine answers at tcp://127.0.0.1:1" in outcome.stderr
