"""Results to report about, with and without what hostile manifests could hold."""

from __future__ import annotations

from pipeline.model.applying.live_plan import Obstacle
from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.cluster import Event
from pipeline.model.health import Health, HealthStatus
from pipeline.model.manifests import ObjectId, Origin
from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.outcome.diff import DiffResult, Side
from pipeline.model.outcome.plan import PlanResult
from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.outcome.verify import (
    ContainerReport,
    DriftPart,
    Findings,
    HealthPart,
    ObjectHealth,
    PodReport,
    SignaturePart,
    Verdict,
    VerifyResult,
)
from pipeline.model.plan import ABSENT, SENSITIVE, Action, Change, FieldChange, Plan
from pipeline.model.planning.blast_radius import BlastRadius, Touched
from pipeline.model.validation.finding import Checked, Finding, NotEvaluated, Severity, Suppression

DIGEST = "sha256:" + "0d9f" * 16
ARTIFACT = PinnedReference(Repository("ghcr.io", "acme/shop"), DIGEST, "1.1")
WEB = ObjectId("apps", "Deployment", "shop", "web")

HOSTILE = (
    "@everyone #123 GH-5 !7 ~bug %m $1 `tick` ``` | pipe | <script>alert(1)</script> </details> <!-- x "
    "[link](https://evil.test) ![i](https://evil.test/p.png) https://evil.test www.evil.test **bold** \\ *x* _y_ ~~z~~"
    "\n/close\n::error::pwned\n# heading\n> quote\n- item\n````\n</details></summary>\n"
    "\u202egnirts\u200b\x1b[31m\x00&amp;"
)
"""Whatever somebody could write into a manifest to be more than text."""


def change(action: Action, name: str = "web", *fields: FieldChange, text: str = "", file: str = "web.yaml") -> Change:
    return Change(action, ObjectId("apps", "Deployment", "shop", name), "apps/v1", fields, text, Origin(file, 3))


def replicas(before: object = 1, after: object = 2, path: str = "spec.replicas") -> FieldChange:
    return FieldChange(path, before, after)


def diff(*changes: Change, text: str = "", is_full: bool = False, obstacles: tuple[Obstacle, ...] = ()) -> DiffResult:
    return DiffResult(
        before=Side(name=f"old{text}", revision=text),
        after=Side(name="new", artifact=ARTIFACT),
        plan=Plan(changes, 12),
        obstacles=obstacles,
        notes=(text,) if text else (),
        is_full=is_full,
    )


def all_changes(text: str = "") -> tuple[Change, ...]:
    """One of each kind, with the text in every place that takes one."""
    fields = (
        FieldChange(f"data[{text}]", text or "a", f"{text}b"),
        FieldChange("data.lines", f"one\n{text}\ntwo", f"one\n{text}\nthree"),
        FieldChange("metadata.labels", ABSENT, {f"k{text}": text}),
        FieldChange("spec.args", [text, "x"], ABSENT),
        FieldChange("spec.order", [f"name={text}", "name=b"], ["name=b", f"name={text}"], is_order=True),
        FieldChange("data.password", SENSITIVE, SENSITIVE, manager=text),
        FieldChange("spec.drifted", 1, 2, manager=text, is_drift=True),
    )
    renamed = ObjectId("", "ConfigMap", "shop", f"new{text}")
    return (
        change(Action.CREATE, f"created{text}", text=text, file=f"{text}.yaml"),
        change(Action.CONFIGURE, f"configured{text}", *fields, text=text, file=f"{text}.yaml"),
        change(Action.RECREATE, f"recreated{text}", *fields, text=text),
        change(Action.PRUNE, f"pruned{text}", text=text),
        change(Action.SKIP, f"skipped{text}", text=text),
        Change(Action.CREATE, renamed, "v1", fields, renamed_from=ObjectId("", "ConfigMap", "shop", f"old{text}")),
    )


def hostile_obstacle(text: str) -> Obstacle:
    return Obstacle(f"subject{text}", text or "problem", text or "hint")


def plan(text: str = "") -> PlanResult:
    touched = (Touched(ObjectId("", "PersistentVolumeClaim", "shop", f"data{text}"), text or "its data goes with it"),)
    radius = BlastRadius(
        objects=3,
        namespaces=(f"shop{text}",),
        kinds={f"Deployment.apps{text}": 3},
        restarts=touched,
        endpoints_lost=touched,
        data_lost=touched,
    )
    return PlanResult(
        diff=diff(*all_changes(text), text=text, obstacles=(hostile_obstacle(text),)),
        radius=radius,
        file=f"plan{text}.json",
        digest=DIGEST,
    )


def finding(rule: str, severity: Severity, line: int, text: str = "", **more: object) -> Finding:
    return Finding(
        gate="lint", rule=f"{rule}{text}", severity=severity, message=text or "has no digest", object_id=WEB,
        path=f"spec{text}", origin=Origin(f"web{text}.yaml", line), hint=text or "name one", **more,  # type: ignore[arg-type]
    )  # fmt: skip


def validation(text: str = "") -> ValidateResult:
    findings = (
        finding("later", Severity.ERROR, 30, text),
        finding("earlier", Severity.ERROR, 4, text),
        finding("minor", Severity.WARNING, 1, text),
        finding(
            "fine", Severity.ERROR, 2, text, suppression=Suppression(reason=text or "known", place="gitless.yaml:1")
        ),
    )
    missed = (NotEvaluated(gate="cel", rule=f"odd{text}", reason=text or "no such function", object_id=WEB),)
    check = Checked(gate="lint", objects=3, findings=findings, not_evaluated=missed, subject=text)
    return ValidateResult(subject=Side(name=f"deploy{text}"), objects=3, checks=(check,))


def applied(text: str = "", **more: object) -> ApplyResult:
    return ApplyResult(
        cluster=f"here{text}", namespace="shop", inventory=f"shop{text}", plan=Plan(all_changes(text), 12),
        digest=DIGEST, digest_url=ARTIFACT.digest_url, verified_by=(f"key{text}",), notes=(text,) if text else (),
        overridden=(text or "max-prune",), plan_digest=DIGEST, **more,  # type: ignore[arg-type]
    )  # fmt: skip


def verified(text: str = "") -> VerifyResult:
    health = Health(HealthStatus.FAILED, "Reason", text or "1 of 2 are ready")
    container = ContainerReport(name=f"app{text}", state=text or "crashed", lines=(text or "panic: no", "```"))
    event = Event("Warning", "BackOff", text or "restarting", 3, "2026-01-31T12:00:00Z")
    pod = PodReport(name=f"web-1{text}", health=health, events=(event,), containers=(container,))
    item = ObjectHealth(
        object_id=WEB, api_version="apps/v1", health=health,
        findings=Findings(events=(event,), pods=(pod,), more_pods=2, notes=(text or "a note",)),
    )  # fmt: skip
    return VerifyResult(
        cluster=f"here{text}", namespace="shop", inventory=f"shop{text}", artifact=ARTIFACT, source="", revision="",
        signature=SignaturePart(verdict=Verdict.PASSED, message=text or "signed by ours"),
        drift=DriftPart(verdict=Verdict.FAILED, message=text or "1 differs", changes=all_changes(text)[1:2],
                        problems=(text or "no namespace",)),
        health=HealthPart(verdict=Verdict.FAILED, message=text or "1 of 1", objects=(item,)), incomplete=text,
    )  # fmt: skip
