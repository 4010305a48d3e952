"""The bench's own reckoning, for nobody looks twice at a number in a table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from pipeline.model.flux.kustomization import read_kustomization
from pipeline.model.flux.oci_repository import read_oci_repository
from tests.bench.counting import Counts, total
from tests.bench.fleet import Fleet, Variant, files_of
from tests.bench.fleet_client import State
from tests.bench.puller_rows import HEADER, Row
from tests.bench.trust_work import WORK
from tests.bench.usage import Cpu, Peak, Process

TEXT = """\
# HELP rest_client_requests_total Requests.
# TYPE rest_client_requests_total counter
rest_client_requests_total{code="200",host="a b",method="GET"} 12
rest_client_requests_total{code="409",host="a",method="PUT"} 3.0
rest_client_requests_total_more{code="200"} 1000
plain 7
"""


def row(**changes: object) -> Row:
    fields: dict[str, object] = {
        "case": "all Ready",
        "variant": "suffix",
        "applications": 500,
        "seconds": 30.0,
        "cpu": Cpu(4.0, 2.0),
        "server_cpu": Cpu(50.0),
        "resident": 70.0,
        "peak": 90.0,
        "programs_peak": 40.0,
        "counts": Counts(served=1300, asked=1000, reconciled=100),
        "ours": 200,
    }
    return Row(**(fields | changes))  # type: ignore[arg-type]


def test_a_metric_is_summed_over_its_labels_alone() -> None:
    assert total(TEXT, "rest_client_requests_total") == 15
    assert total(TEXT, "plain") == 7
    assert total(TEXT, "absent") == 0


def test_a_row_shows_requests_per_reconciliation_and_leaves_out_our_own() -> None:
    shown = str(row())

    assert " 10.0 " in shown
    assert " 1100 " in shown
    assert len(shown) <= len(HEADER) + 40


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"aim": 35.0}, []),
        ({"aim": 20.0}, ["seconds 30.0 > 20"]),
        ({"cpu_aim": 5.0}, ["cpu 6.0 > 5"]),
        ({"peak_aim": 80.0, "resident_aim": 60.0}, ["peak 90.0 > 80", "memory 70.0 > 60"]),
        ({}, []),
    ],
)
def test_missed_aims_are_named(changes: dict[str, object], expected: list[str]) -> None:
    judged = row(**changes)

    assert judged.misses == expected
    assert ("MISS" in str(judged)) == bool(expected)
    assert str(judged).rstrip().endswith("ok") == (not expected and bool(changes))


def test_ready_counts_for_the_generation_that_is_there() -> None:
    def body(generation: int) -> dict[str, object]:
        condition = {"type": "Ready", "status": "True", "observedGeneration": 1, "message": "m"}
        status = {"conditions": [condition], "lastAppliedRevision": "v1", "lastHandledReconcileAt": "t"}
        return {"metadata": {"generation": generation}, "status": status}

    assert State.of(body(1)) == State(ready=True, revision="v1", handled="t", message="m")
    assert not State.of(body(2)).ready
    assert not State.of({"metadata": {"generation": 1}}).ready


@pytest.mark.parametrize("variant", ["suffix", "substitution"])
def test_a_fleet_is_what_flux_reads(variant: Variant) -> None:
    fleet = Fleet(count=3, registry="127.0.0.1:5000", variant=variant, shared=False)

    sources = [read_oci_repository(body) for body in fleet.sources()]
    kustomizations = [read_kustomization(body) for body in fleet.kustomizations()]

    assert len({source.url for source in sources}) == 3
    assert all(source.insecure for source in sources)
    assert all(each.wait and each.prune and each.target_namespace == "bench" for each in kustomizations)
    assert [bool(each.name_suffix) for each in kustomizations] == [variant == "suffix"] * 3
    assert [each.post_build is not None for each in kustomizations] == [variant == "substitution"] * 3


def test_a_shared_fleet_has_one_artifact() -> None:
    fleet = Fleet(count=3, registry="127.0.0.1:5000", variant="suffix", shared=True)

    assert len({source["spec"]["url"] for source in fleet.sources()}) == 1


@pytest.mark.parametrize("variant", ["suffix", "substitution"])
def test_an_application_is_four_objects(variant: Variant) -> None:
    ((_, content),) = files_of(variant, "1.0.0")

    kinds = [document["kind"] for document in yaml.safe_load_all(content)]
    assert sorted(kinds) == ["Deployment", "Ingress", "Service", "ServiceAccount"]
    assert (b"${app}" in content) == (variant == "substitution")
    assert files_of(variant, "1.0.1") != files_of(variant, "1.0.0")


def test_processes_are_measured(tmp_path: Path) -> None:
    code = (
        "x = bytearray(60 * 2**20)\nimport time\nend = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
    )
    program = f"{code}\nprint(1, flush=True)\nimport sys; sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        assert started.stdout is not None
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "it.json").write_text(json.dumps({"pid": started.pid}))
        with Peak(Process(os.getpid()).descendants) as peak:
            started.stdout.readline()
            time.sleep(0.5)
        process = Process.recorded(tmp_path, "it")

        assert process.arguments()[:2] == [sys.executable, "-c"]
        assert process.cpu().own >= 0.3
        assert 60 < process.resident() <= process.peak() < 120
        assert peak.mebibytes > 60
        started.communicate()
    assert process.resident() == 0


@pytest.mark.parametrize("name", ["batch-of-signatures", "batch-of-attestations"])
def test_a_batch_of_artifacts_is_accepted_and_timed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.bench.trust_work.BATCH", 3)

    assert 0 < WORK[name]() < 10
