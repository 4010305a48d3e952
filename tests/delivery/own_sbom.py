"""gitless's own bill of materials, in CycloneDX: ``make sbom``.

What is listed is what is installed: the wheel and the pinned requirements go into an environment of their own, by their
checksums, and the real cyclonedx-py looks at it. The same wheel and pins give the same document.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import uv

from pipeline import __version__

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "actions" / "setup" / "requirements.txt"
NAME = "gitless.cdx.json"


def write(wheel: Path, target: Path) -> None:
    """Write the bill of materials of a wheel.

    Raises:
        subprocess.CalledProcessError: it could not be installed by its pins, or looked at.
    """
    with tempfile.TemporaryDirectory(prefix="gitless-sbom-") as scratch:
        place = Path(scratch) / "environment"
        program = uv.find_uv_bin()
        _run([program, "venv", "--quiet", "--python", sys.executable, str(place)])
        install = [program, "pip", "install", "--quiet", "--python", str(place / "bin" / "python"), "--no-deps"]
        _run([*install, "--require-hashes", "--requirement", str(REQUIREMENTS)])
        _run([*install, str(wheel)])
        look = ["environment", str(place), "--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application"]
        form = ["--output-reproducible", "--of", "JSON", "--sv", "1.6", "--output-file", str(target)]
        _run([sys.executable, "-m", "cyclonedx_py", *look, *form])
    document = json.loads(target.read_text())
    # The version is read from the code when the wheel is built, which cyclonedx-py does not do.
    document["metadata"]["component"]["version"] = __version__
    document["metadata"]["component"]["purl"] = f"pkg:pypi/gitless-pipeline@{__version__}"
    target.write_text(json.dumps(document, indent=2) + "\n")


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="make sbom", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    write(next(folder.glob("*.whl")), folder / NAME)
    print(folder / NAME)
