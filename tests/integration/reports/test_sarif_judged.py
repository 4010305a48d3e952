"""The SARIF reports, held against the standard's schema and judged by its authors' own validator."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import jsonschema_rs
import pytest

from pipeline.model.outcome import Result
from pipeline.model.outcome.verify import Verdict
from pipeline.reports import render_result
from tests.platform.binaries import binary
from tests.unit.reports.results import validated, verified

pytestmark = pytest.mark.tool

RESULTS = {
    "validate": validated(),
    "verify": verified(signature=Verdict.UNKNOWN),
    "verify-passed": verified(drift=Verdict.SKIPPED),
}
TOLERATED = frozenset({"SARIF2005"})
"""It wants an address of the tool's home page."""


@pytest.fixture(scope="session")
def multitool() -> Path:
    return binary("sarif-multitool") / "@microsoft" / "sarif-multitool-linux"


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_reports_are_valid_by_the_standards_schema(result: Result, multitool: Path) -> None:
    schema = json.loads((multitool / "sarif-2.1.0.json").read_text(encoding="utf-8-sig"))
    validator = jsonschema_rs.validator_for(schema)

    assert [error.message for error in validator.iter_errors(json.loads(render_result(result, "sarif")))] == []
    assert list(validator.iter_errors({"version": "2.1.0", "runs": [{}]})) != []


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_reports_pass_the_validator_with_the_rules_of_code_scanning(
    result: Result, multitool: Path, tmp_path: Path
) -> None:
    report, judged = tmp_path / "report.sarif", tmp_path / "judged.sarif"
    report.write_text(render_result(result, "sarif"))
    program = multitool / "Sarif.Multitool"
    program.chmod(0o755)

    done = subprocess.run(
        [program, "validate", report, "--rule-kind", "Sarif;Gh", "--level", "Error;Warning", "--output", judged],
        env={"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1", "HOME": str(tmp_path)},
        capture_output=True,
        check=False,
    )

    (run,) = json.loads(judged.read_text(encoding="utf-8-sig"))["runs"]
    said = {item["ruleId"]: item["message"] for item in run["results"] if item["ruleId"] not in TOLERATED}
    assert (done.returncode, said) == (0, {})
