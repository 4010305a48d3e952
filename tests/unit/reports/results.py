"""Results with something of everything in them, for tests of reports."""

from __future__ import annotations

from pipeline.model.artifact.reference import PinnedReference, Repository
from pipeline.model.health import Health, HealthStatus
from pipeline.model.manifests import ObjectId, Origin
from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.outcome.diff import Side
from pipeline.model.outcome.validate import ValidateResult
from pipeline.model.outcome.verify import (
    DriftPart,
    HealthPart,
    ObjectHealth,
    SignaturePart,
    Verdict,
    VerifyResult,
)
from pipeline.model.plan import Action, Change, FieldChange, Plan
from pipeline.model.validation.finding import Checked, Finding, NotEvaluated, Rule, Severity, Suppression

WEB = ObjectId("apps", "Deployment", "shop", "web")
API = ObjectId("apps", "Deployment", "shop", "api")
DATABASE = ObjectId("apps", "StatefulSet", "shop", "database")
SERVICE = ObjectId("", "Service", "shop", "web")
HOSTILE = ObjectId("", "ConfigMap", "shop", 'a"><script>&\x1b[31m\x00\ufffe]]>')

LATEST = Rule(
    id="image-latest",
    gate="lint",
    title="An image without a version",
    reason="It moves.",
    fix="name <one> & `pin` it",
    severity=Severity.ERROR,
)
PROBE = Rule(
    id="probe-readiness", gate="lint", title="No probe", reason="Nobody asks.", fix="add one", severity=Severity.WARNING
)


def finding(
    rule: str,
    about: ObjectId | None,
    severity: Severity = Severity.ERROR,
    *,
    gate: str = "lint",
    line: int = 7,
    path: str = "spec.template.spec.containers[0].image",
    message: str = "image web of container 'web' has no tag",
    suppression: Suppression | None = None,
) -> Finding:
    return Finding(
        gate=gate,
        rule=rule,
        severity=severity,
        message=message,
        object_id=about,
        api_version="apps/v1",
        path=path if about else "",
        origin=Origin("deploy/web app.yaml", line) if about else None,
        hint="name one",
        suppression=suppression,
    )


def validated() -> ValidateResult:
    """Six objects: an error, a warning, a suppressed error, one not evaluated, one clean, one with a hostile name."""
    why = Suppression(reason="the vendor publishes no digest", place="annotation ignore.gitless.dev/image-latest")
    by_settings = Suppression(reason="rehearsal only, for now", place="gitless.yaml:12")
    lint = Checked(
        gate="lint",
        objects=6,
        findings=(
            finding("image-latest", WEB),
            finding("image-latest", WEB, path="spec.template.spec.containers[1].image", line=19),
            finding("probe-readiness", API, Severity.WARNING, message="container 'api' has no readinessProbe"),
            finding("image-latest", DATABASE, suppression=why),
            finding("probe-readiness", WEB, Severity.WARNING, suppression=by_settings),
        ),
        rules=(LATEST, PROBE),
    )
    cel = Checked(
        gate="cel",
        objects=6,
        findings=(
            finding("require-labels/team", HOSTILE, gate="cel", message='say "team" & <mean> it\x1b[2J\x00'),
            finding("require-labels/team", HOSTILE, gate="cel", message="say who pays, too"),
        ),
        not_evaluated=(
            NotEvaluated(gate="cel", rule="limits", reason="quantity() is not known", object_id=WEB),
            NotEvaluated(gate="cel", rule="never-compiled", reason="it has no match"),
        ),
    )
    origins = {item: Origin("deploy/web app.yaml", 3) for item in (WEB, API, DATABASE, SERVICE, HOSTILE)}
    origins[ObjectId("", "Namespace", "", "shop")] = Origin("templates/ns.yaml", None, "shop")
    return ValidateResult(subject=Side(name="deploy"), objects=6, checks=(lint, cel), origins=dict(origins))


def applied(*, complete: bool = True) -> ApplyResult:
    changes = (
        Change(Action.CREATE, WEB, "apps/v1", origin=Origin("deploy/web.yaml", 1)),
        Change(Action.PRUNE, SERVICE, "v1", reason="it is gone from the manifests"),
        Change(Action.SKIP, API, "apps/v1", reason="the manifest says reconcile: disabled"),
    )
    return ApplyResult(
        cluster="kind",
        namespace="shop",
        inventory="shop",
        plan=Plan(changes, unchanged=4),
        is_complete=complete,
        notes=("a note",),
    )


def verified(signature: Verdict = Verdict.PASSED, drift: Verdict = Verdict.FAILED) -> VerifyResult:
    change = Change(
        Action.CONFIGURE,
        WEB,
        "apps/v1",
        (FieldChange("spec.replicas", 5, 3),),
        origin=Origin("deploy/web.yaml", 1),
    )
    return VerifyResult(
        cluster="kind",
        namespace="shop",
        inventory="shop",
        artifact=PinnedReference(Repository("registry.example", "shop"), "sha256:" + "a" * 64),
        source="",
        revision="",
        signature=SignaturePart(verdict=signature, message="signed by cosign.pub"),
        drift=DriftPart(verdict=drift, message="1 object differs", changes=(change,), problems=("no namespace",)),
        health=HealthPart(
            verdict=Verdict.FAILED,
            message="1 of 2 ready",
            objects=(
                ObjectHealth(object_id=API, api_version="apps/v1", health=Health(HealthStatus.CURRENT)),
                ObjectHealth(
                    object_id=WEB,
                    api_version="apps/v1",
                    health=Health(HealthStatus.FAILED, "Crash", "it crashes <again>"),
                ),
            ),
        ),
    )
