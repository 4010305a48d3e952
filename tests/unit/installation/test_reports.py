from __future__ import annotations

import json

import pytest

from pipeline.model.manifests import ObjectId
from pipeline.model.outcome import Result
from pipeline.model.outcome.bootstrap import BootstrapResult
from pipeline.model.outcome.check import Check, CheckResult
from pipeline.model.outcome.create import CreateResult
from pipeline.model.outcome.install import InstallResult
from pipeline.model.outcome.uninstall import UninstallResult
from pipeline.model.plan import Action, Change
from pipeline.reports import render_result

DEPLOYMENT = ObjectId("apps", "Deployment", "flux-system", "gitless-puller")
NAMESPACE = ObjectId("", "Namespace", "", "flux-system")
CHANGES = (
    Change(Action.CREATE, DEPLOYMENT, "apps/v1"),
    Change(Action.SKIP, NAMESPACE, "v1", reason="it was there before"),
    Change(Action.UNCHANGED, ObjectId("", "ServiceAccount", "flux-system", "gitless-puller"), "v1"),
)


def installed(*, dry_run: bool = False) -> InstallResult:
    return InstallResult(
        cluster="test", namespace="flux-system", version="1.2.3", image="x", dry_run=dry_run, ready=True,
        changes=CHANGES,
    )  # fmt: skip


def removed(*changes: Change, dry_run: bool = False) -> UninstallResult:
    return UninstallResult(
        cluster="test",
        namespace="flux-system",
        dry_run=dry_run,
        changes=changes,
        released=(DEPLOYMENT,) if changes else (),
    )


@pytest.mark.parametrize(
    ("result", "lines"),
    [
        (
            installed(),
            [
                "created    Deployment.apps flux-system/gitless-puller",
                "left alone Namespace flux-system  (it was there before)",
                "gitless v1.2.3 is installed in flux-system in test, 1 objects unchanged; the puller is available.",
            ],
        ),
        (installed(dry_run=True), ["Dry run, nothing was written: 1 objects are as they should be."]),
        (
            removed(Change(Action.PRUNE, DEPLOYMENT, "apps/v1")),
            [
                "deleted    Deployment.apps flux-system/gitless-puller",
                "released   Deployment.apps flux-system/gitless-puller",
                "1 objects deleted; what the puller applied goes on running, and nobody reconciles it.",
            ],
        ),
        (removed(), ["Nothing to do: the puller is not in flux-system of test."]),
        (
            CheckResult(cluster="test", namespace="n", checks=(Check("a", passed=False, message="b"),)),
            ["1 of 1 checks failed for n in test."],
        ),
        (
            CreateResult(cluster="test", object_id=DEPLOYMENT, api_version="apps/v1", action=Action.CONFIGURE,
                         ready=True, revision="1@sha256:0"),
            ["updated Deployment.apps flux-system/gitless-puller, ready at 1@sha256:0"],
        ),
        (
            BootstrapResult(artifact="oci://a/b:1", path="./", installed=installed(), changes=(), ready=True,
                            revision="1@sha256:0"),
            ["The cluster reconciles oci://a/b:1 (./), and runs 1@sha256:0."],
        ),
    ],
    ids=lambda value: value.kind if hasattr(value, "kind") else "",
)  # fmt: skip
def test_results_for_people_end_with_what_it_comes_to(result: Result, lines: list[str]) -> None:
    assert render_result(result, "text").splitlines()[-len(lines) :] == lines


def test_results_for_machines_leave_out_what_is_unchanged() -> None:
    document = json.loads(render_result(installed(), "json"))
    assert document["counts"] | {"create": 1, "skip": 1, "unchanged": 1} == document["counts"]
    assert [change["action"] for change in document["changes"]] == ["create", "skip"]
    assert document["changes"][1] == {
        "action": "skip", "apiVersion": "v1", "kind": "Namespace", "name": "flux-system",
        "reason": "it was there before",
    }  # fmt: skip
