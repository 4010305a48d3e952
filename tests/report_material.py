"""Results of every kind that has an HTML page: small ones with everything in them, and a diff as large as is wanted."""

from __future__ import annotations

import random
from collections.abc import Iterator

from pipeline.model.applying.live_plan import Obstacle
from pipeline.model.artifact.reference import PinnedReference, parse_reference
from pipeline.model.cluster import Event
from pipeline.model.deployments.record import ObjectEvent
from pipeline.model.graph.graph import Edge, Graph, Node, Relation, Tone
from pipeline.model.health import Health, HealthStatus
from pipeline.model.manifests import ObjectId, Origin
from pipeline.model.outcome import Result
from pipeline.model.outcome.apply import ApplyResult
from pipeline.model.outcome.diff import DiffResult, Side
from pipeline.model.outcome.graph import GraphResult
from pipeline.model.outcome.plan import PlanResult
from pipeline.model.outcome.run import RunResult, StageRun
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
from pipeline.model.reporting import ReportContext
from pipeline.model.trust.evidence import SignatureFormat, TimeSource, VerifiedSignature
from pipeline.model.validation.finding import Checked, Finding, NotEvaluated, Rule, Severity, Suppression

WEB = ObjectId("apps", "Deployment", "shop", "web")
GATEWAY = ObjectId("", "ConfigMap", "shop", "gateway")
CLAIM = ObjectId("", "PersistentVolumeClaim", "shop", "cache")
SETTINGS = [ObjectId("", "ConfigMap", "shop", f"settings-{tail}") for tail in ("5k2fm8gt4h", "8fk2m4t9bc")]

NGINX = """\
worker_processes auto;
events { worker_connections 1024; }
http {
  server {
    listen 8080;
    server_name shop.example.com;
    location / {
      proxy_pass http://web:8080;
      proxy_read_timeout 30s;
    }
    location /health {
      return 200;
    }
  }
  gzip on;
  gzip_types text/css;
  keepalive_timeout 65;
  sendfile on;
}
"""
NEW_NGINX = NGINX.replace("30s", "60s").replace("      return 200;", "      access_log off;\n      return 204;")

CHANGES = (
    Change(
        Action.CREATE, ObjectId("autoscaling", "HorizontalPodAutoscaler", "shop", "web"), "autoscaling/v2",
        (FieldChange("spec", ABSENT, {"minReplicas": 2, "maxReplicas": 6, "metrics": [{"type": "Resource"}],
                                      "scaleTargetRef": {"kind": "Deployment", "name": "web"}}),),
        origin=Origin("shop/autoscaling.yaml", 1),
    ),
    Change(
        Action.CONFIGURE, WEB, "apps/v1",
        (
            FieldChange("spec.replicas", 9, 4, manager="kube-controller-manager", is_drift=True),
            FieldChange("spec.template.spec.containers[name=web].image", "ghcr.io/acme/web:1.4.2@sha256:1f0c",
                        "ghcr.io/acme/web:1.5.0@sha256:9be2"),
            FieldChange("spec.template.spec.containers[name=web].readinessProbe", ABSENT,
                        {"httpGet": {"path": "/ready", "port": 8080}, "periodSeconds": 5}),
            FieldChange("metadata.annotations['shop.example.com/legacy']", "true", ABSENT),
            FieldChange("spec.template.spec.containers[name=web].env", ["name=A", "name=B"], ["name=B", "name=A"],
                        is_order=True),
        ),
        origin=Origin("shop/web.yaml", 3),
    ),
    Change(
        Action.CONFIGURE, GATEWAY, "v1", (FieldChange("data['nginx.conf']", NGINX, NEW_NGINX),),
        origin=Origin("shop/gateway.yaml", 41),
    ),
    Change(
        Action.CONFIGURE, ObjectId("", "Secret", "shop", "database"), "v1",
        (FieldChange("data.password", SENSITIVE, SENSITIVE), FieldChange("data.user", ABSENT, SENSITIVE)),
        origin=Origin("shop/database.yaml", 9),
    ),
    Change(
        Action.RECREATE, ObjectId("batch", "Job", "shop", "migrate"), "batch/v1",
        (FieldChange("spec.template.spec.containers[name=migrate].image", "web:1.4.2", "web:1.5.0"),),
        reason="spec.template is immutable", origin=Origin("templates/migrate.yaml", 1, "shop-1.5.0"),
    ),
    Change(Action.CREATE, SETTINGS[1], "v1", (FieldChange("data.level", "info", "debug"),), renamed_from=SETTINGS[0]),
    Change(Action.CREATE, ObjectId("", "Service", "shop", "web"), "v1", origin=Origin("shop/web.yaml", 60)),
    Change(Action.PRUNE, SETTINGS[0], "v1", renamed_to=SETTINGS[1]),
    Change(Action.PRUNE, CLAIM, "v1", reason="no longer in the artifact"),
    Change(Action.SKIP, ObjectId("", "Namespace", "", "shop"), "v1", reason="prune: disabled"),
)  # fmt: skip
"""Ten, of every sort."""


def artifact(sign: str) -> PinnedReference:
    """One by a digest that consists of this sign."""
    return PinnedReference(parse_reference("oci://ghcr.io/acme/shop:1").repository, f"sha256:{sign * 64}")


def side(name: str, sign: str) -> Side:
    """An artifact of which everything is known."""
    return Side(name=f"oci://ghcr.io/acme/shop:{name}", artifact=artifact(sign), source="https://github.com/acme/shop",
                revision=f"main@sha1:{sign * 40}")  # fmt: skip


def diff(changes: tuple[Change, ...] = CHANGES, unchanged: int = 27) -> DiffResult:
    """A diff of two artifacts."""
    return DiffResult(before=side("production", "a"), after=side("1.5.0", "b"), plan=Plan(changes, unchanged))


def refused() -> DiffResult:
    """A diff against a cluster that applying would be refused for."""
    obstacle = Obstacle(f"{WEB} (shop/web.yaml:3)", "spec.replicas is owned by kubectl", "--force-conflicts takes it")
    return DiffResult(
        before=Side(name="live (production)", is_live=True), after=side("1.5.0", "b"), plan=Plan(CHANGES, 27),
        obstacles=(obstacle,), notes=("Namespace shop is created by the artifact",),
    )  # fmt: skip


def plan() -> PlanResult:
    """The same as a plan, with its reach."""
    radius = BlastRadius(
        objects=8, namespaces=("shop",), kinds={"ConfigMap": 2, "Deployment.apps": 1, "Secret": 1},
        restarts=(Touched(WEB, "its Pod template changes"),),
        endpoints_lost=(Touched(ObjectId("", "Service", "shop", "cache"), "no Pod is left behind it"),),
        data_lost=(Touched(CLAIM, "its volume is deleted with it"),),
    )  # fmt: skip
    return PlanResult(diff=diff(), radius=radius, file="plan.json")


LATEST = Rule(
    id="image-latest", gate="lint", title="Images have a version",
    reason="The tag latest moves: what runs tomorrow is not what was reviewed today.",
    fix="Name a version, or better a digest.", severity=Severity.ERROR,
)  # fmt: skip


def findings() -> ValidateResult:
    """One of every severity, one suppressed, and one that could not be evaluated."""

    def found(severity: Severity, message: str, line: int, suppression: Suppression | None = None) -> Finding:
        return Finding(
            gate="lint", rule=LATEST.id, severity=severity, message=message, object_id=WEB, api_version="apps/v1",
            path="spec.template.spec.containers[0].image", origin=Origin("templates/web.yaml", line, "shop-1.5.0"),
            hint="here it could be 1.5.0", suppression=suppression,
        )  # fmt: skip

    accepted = Suppression(reason="pinned by the mirror", place="gitless.yaml:12")
    lint = Checked(
        gate="lint", objects=31, rules=(LATEST,), subject="17 rules",
        findings=(
            found(Severity.NOTE, "container cache has a moving tag", 30),
            found(Severity.ERROR, "container web uses web:latest", 14),
            found(Severity.WARNING, "container worker uses worker:latest", 20),
            found(Severity.ERROR, "container tool uses busybox:latest", 41, accepted),
        ),
    )  # fmt: skip
    missing = NotEvaluated(gate="cel", rule="require-team", reason="authorizer is only known to an API server",
                           object_id=GATEWAY, origin=Origin("policies/team.yaml", 8))  # fmt: skip
    cel = Checked(gate="cel", objects=12, not_evaluated=(missing,))
    return ValidateResult(subject=Side(name="deploy/"), objects=31, checks=(lint, cel))


SIGNATURE = VerifiedSignature(
    digest=f"sha256:{'b' * 64}", format=SignatureFormat.BUNDLE, signer="release.yaml of acme/shop",
    signed_at=1764000000.0, time_source=TimeSource.LOG, log="rekor.sigstore.dev 123456789",
)  # fmt: skip


def applied() -> ApplyResult:
    """An apply of all these changes."""
    return ApplyResult(
        cluster="production", namespace="shop", inventory="shop", plan=Plan(CHANGES, 27),
        repository="ghcr.io/acme/shop", digest=artifact("b").digest, digest_url=artifact("b").digest_url,
        source="https://github.com/acme/shop", revision="main@sha1:1", signatures=(SIGNATURE,), is_rollback=True,
        notes=("Namespace shop is not deleted",),
    )  # fmt: skip


def verdict() -> VerifyResult:
    """One object failed and drifted, one is missing, one drifted alone, and one is fine."""
    container = ContainerReport(name="web", state="waiting: CrashLoopBackOff", lines=("cannot reach database",),
                                is_previous=True)  # fmt: skip
    pod = PodReport(name="web-x2x4k", health=Health(HealthStatus.IN_PROGRESS, "", "not ready"), containers=(container,),
                    events=(Event("Warning", "BackOff", "restarting failed container", 12, ""),))  # fmt: skip
    explained = Findings(events=(Event("Warning", "FailedCreate", "quota exceeded", 7, ""),), pods=(pod,), more_pods=2,
                         notes=("its ReplicaSet is stuck",))  # fmt: skip
    failed = Health(HealthStatus.FAILED, "ProgressDeadlineExceeded", "1 of 4 replicas are updated")
    service = ObjectId("", "Service", "shop", "web")
    fine = Health(HealthStatus.CURRENT)
    return VerifyResult(
        cluster="production", namespace="shop", inventory="shop", artifact=artifact("b"), source="s", revision="r",
        signature=SignaturePart(verdict=Verdict.PASSED, message="as asked for", signatures=(SIGNATURE,)),
        drift=DriftPart(
            verdict=Verdict.FAILED, message="2 objects differ", problems=("namespace shop is gone",),
            changes=(
                Change(Action.CONFIGURE, WEB, "apps/v1", (FieldChange("spec.replicas", 9, 4, manager="kubectl"),)),
                Change(Action.CREATE, GATEWAY, "v1"),
                Change(Action.CONFIGURE, service, "v1", (FieldChange("spec.type", "NodePort", "ClusterIP"),)),
            ),
        ),
        health=HealthPart(
            verdict=Verdict.FAILED, message="2 of 4 objects are ready",
            objects=(
                ObjectHealth(object_id=CLAIM, api_version="v1", health=fine),
                ObjectHealth(object_id=service, api_version="v1", health=fine),
                ObjectHealth(object_id=WEB, api_version="apps/v1", health=failed, findings=explained),
                ObjectHealth(object_id=GATEWAY, api_version="v1", health=Health(HealthStatus.NOT_FOUND)),
            ),
        ),
        elapsed=61.24,
    )  # fmt: skip


def run() -> RunResult:
    """Every stage that has something to report, one after the other."""
    results: dict[str, Result] = {"validate": findings(), "diff": diff(), "apply": applied(), "verify": verdict()}
    stages = tuple(StageRun(stage=stage, result=result, seconds=1.5) for stage, result in results.items())
    return RunResult(name="shop", target="production", digest_url=str(artifact("b")), stages=stages)


PICTURE = (
    '<?xml version="1.0"?>\n<svg class="gitless-graph" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 420 160"'
    ' role="img"><style>svg.gitless-graph text{font:13px sans-serif}</style>'
    '<path class="edge selector" data-from="Service shop/web" data-to="Deployment.apps shop/web" d="M250 75H170"/>'
    '<g class="card" transform="translate(20 50)" data-object="Deployment.apps shop/web"><title>Deployment web</title>'
    '<rect class="body" width="150" height="50" fill="#8884"/><text x="14" y="30">Deployment web</text></g>'
    '<g class="card" transform="translate(250 50)" data-object="Service shop/web"><title>Service web</title>'
    '<rect class="body" width="150" height="50" fill="#8884"/></g>'
    '<g class="card" transform="translate(20 5)" data-object="Service shop/other"><title>Service other</title>'
    '<rect class="body" width="150" height="20" fill="#8884"/></g></svg>'
)


def graph() -> GraphResult:
    """A Service before a Deployment, which names a ConfigMap that is missing."""
    nodes = [
        Node(id=str(found), title=found.kind, label=found.name, group="shop", tone=tone, object_id=found, detail=detail)
        for found, tone, detail in (
            (ObjectId("", "Service", "shop", "web"), Tone.PLAIN, ""),
            (WEB, Tone.PLAIN, ""),
            (GATEWAY, Tone.MISSING, "not in the artifact"),
        )
    ]
    edges = (
        Edge(nodes[0].id, nodes[1].id, Relation.SELECTOR, "selects"),
        Edge(nodes[1].id, nodes[2].id, Relation.REFERENCE, "volume"),
    )
    return GraphResult(
        graph=Graph(title="shop", nodes=tuple(nodes), edges=edges), side=side("1.5.0", "b"), notes=("be careful",)
    )


CONTEXT = ReportContext(
    label="shop, production",
    picture=PICTURE,
    history={
        WEB: (
            ObjectEvent(time=1764000000.0, digest=f"sha256:{'a' * 64}", revision="main@sha1:2", change="changed"),
            ObjectEvent(time=1763000000.0, digest=f"sha256:{'9' * 64}", revision="main@sha1:1", change="created"),
        )
    },
)


def many(count: int) -> DiffResult:
    """So many changes of five kinds in forty namespaces; half of them configure, with three fields each."""
    return diff(tuple(_many(count)), unchanged=12_000)


def _many(count: int) -> Iterator[Change]:
    numbers = random.Random(1)
    kinds = [("apps", "Deployment"), ("", "Service"), ("", "ConfigMap"), ("batch", "CronJob"),
             ("networking.k8s.io", "Ingress")]  # fmt: skip
    for number in range(count):
        group, kind = kinds[number % 5]
        namespace = f"team-{number % 40:02d}"
        object_id = ObjectId(group, kind, namespace, f"service-{number:04d}")
        action = (Action.CONFIGURE, Action.CREATE, Action.CONFIGURE, Action.PRUNE)[number % 4]
        image = f"registry.example.com/team/service-{number:04d}"
        fields: tuple[FieldChange, ...] = ()
        if action is Action.CONFIGURE:
            digests = [f"{numbers.getrandbits(256):064x}" for _ in range(2)]
            fields = (
                FieldChange("metadata.labels['app.kubernetes.io/version']", "1.0.0", "1.0.1"),
                FieldChange("spec.template.spec.containers[name=main].image", f"{image}:1.0.0@sha256:{digests[0]}",
                            f"{image}:1.0.1@sha256:{digests[1]}"),
                FieldChange("spec.replicas", number % 3 + 1, number % 5 + 4),
            )  # fmt: skip
        elif action is Action.CREATE:
            spec = {"replicas": 2, "selector": {"matchLabels": {"app": f"service-{number}"}},
                    "template": {"spec": {"containers": [{"name": "main", "image": image}]}}}  # fmt: skip
            fields = (FieldChange("spec", ABSENT, spec),)
        reason = "no longer in the artifact" if action is Action.PRUNE else ""
        yield Change(action, object_id, "v1", fields, reason, Origin(f"teams/{namespace}/{kind.lower()}.yaml", number))
