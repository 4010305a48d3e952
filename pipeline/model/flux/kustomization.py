"""What a Kustomization asks for (kustomize-controller ``api/v1/kustomization_types.go``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from pipeline.model.flux.reading import Fields
from pipeline.model.manifests import Body

_LEAST_TIMEOUT = 30.0
WITH_VARIABLES, ALWAYS = "WithVariables", "Always"


class DeletionPolicy(StrEnum):
    """What becomes of the applied objects when the Kustomization is deleted."""

    MIRROR_PRUNE = "MirrorPrune"
    """They are deleted if ``prune`` is true."""
    DELETE = "Delete"
    WAIT_FOR_TERMINATION = "WaitForTermination"
    ORPHAN = "Orphan"


@dataclass(frozen=True, slots=True)
class ObjectReference:
    """Another object of the API, by kind, name and namespace."""

    kind: str
    name: str
    namespace: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Dependency:
    """Another Kustomization that must be ready first; ``ready_expr`` (CEL) replaces the usual check."""

    name: str
    namespace: str
    ready_expr: str = ""


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One object whose health is waited for."""

    api_version: str
    kind: str
    name: str
    namespace: str


@dataclass(frozen=True, slots=True)
class HealthExpressions:
    """CEL over an object of this API version's group (and kind): how its health is told."""

    api_version: str
    kind: str
    current: str
    in_progress: str = ""
    failed: str = ""


@dataclass(frozen=True, slots=True)
class SubstituteFrom:
    """A ConfigMap or Secret whose data become variables."""

    kind: str
    name: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class PostBuild:
    """Variables that are put into the rendered objects."""

    substitute: Mapping[str, str] = field(default_factory=dict, hash=False)
    substitute_from: tuple[SubstituteFrom, ...] = ()
    strategy: str = WITH_VARIABLES


@dataclass(frozen=True, slots=True)
class Decryption:
    """How encrypted files are read; ``secret`` holds the keys."""

    provider: str
    secret: str = ""
    service_account: str = ""


@dataclass(frozen=True, slots=True)
class RemoteCluster:
    """Where a kubeconfig is: a Secret's key, or a ConfigMap that names a cloud provider."""

    secret: str = ""
    key: str = ""
    config_map: str = ""


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """JSON pointers that are left alone on the objects that ``target`` (kustomize's selector; empty: all) selects."""

    paths: tuple[str, ...]
    target: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KustomizationSpec:
    """The spec; durations in seconds."""

    source: ObjectReference
    interval: float
    retry_interval: float | None = None
    timeout: float | None = None
    path: str = ""
    prune: bool
    deletion_policy: DeletionPolicy = DeletionPolicy.MIRROR_PRUNE
    depends_on: tuple[Dependency, ...] = ()
    wait: bool = False
    health_checks: tuple[HealthCheck, ...] = ()
    health_expressions: tuple[HealthExpressions, ...] = ()
    force: bool = False
    target_namespace: str = ""
    name_prefix: str = ""
    name_suffix: str = ""
    common_labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    common_annotations: Mapping[str, str] = field(default_factory=dict, hash=False)
    patches: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    images: tuple[Mapping[str, str], ...] = field(default=(), hash=False)
    components: tuple[str, ...] = ()
    ignore_missing_components: bool = False
    build_metadata: tuple[str, ...] = ()
    post_build: PostBuild | None = None
    decryption: Decryption | None = None
    remote_cluster: RemoteCluster | None = None
    service_account: str = ""
    suspend: bool = False
    ignore: tuple[IgnoreRule, ...] = ()

    @property
    def has_secret_inputs(self) -> bool:
        """Whether Secrets' values may be anywhere in what is rendered."""
        references = self.post_build.substitute_from if self.post_build is not None else ()
        return self.decryption is not None or any(item.kind == "Secret" for item in references)

    @property
    def effective_timeout(self) -> float:
        """Seconds for building, applying and waiting: what is asked for, else the interval less 30 s; 30 at least."""
        return max(_LEAST_TIMEOUT, self.interval - 30.0 if self.timeout is None else self.timeout)

    @property
    def effective_retry_interval(self) -> float:
        """Seconds until the next try after a failure."""
        return self.interval if self.retry_interval is None else self.retry_interval


def read_kustomization(body: Body) -> KustomizationSpec:
    """Read the spec of a Kustomization.

    Raises:
        InvalidObjectError: a field is missing or has the wrong type; the field is named.
    """
    spec = Fields(body.get("spec"))
    namespace = str((body.get("metadata") or {}).get("namespace") or "")
    common = spec.below("commonMetadata")
    return KustomizationSpec(
        source=_source(spec, namespace),
        interval=spec.duration("interval", required=True) or 0.0,
        retry_interval=spec.duration("retryInterval"),
        timeout=spec.duration("timeout"),
        path=spec.text("path"),
        prune=spec.flag("prune", default=None),
        deletion_policy=DeletionPolicy(
            spec.choice("deletionPolicy", tuple(DeletionPolicy), DeletionPolicy.MIRROR_PRUNE)
        ),
        depends_on=tuple(_dependency(item, namespace) for item in spec.each("dependsOn")),
        wait=spec.flag("wait"),
        health_checks=tuple(_health_check(item, namespace) for item in spec.each("healthChecks")),
        health_expressions=tuple(_health_expressions(item) for item in spec.each("healthCheckExprs")),
        force=spec.flag("force"),
        target_namespace=spec.text("targetNamespace"),
        name_prefix=spec.text("namePrefix"),
        name_suffix=spec.text("nameSuffix"),
        common_labels=common.table("labels") if common else {},
        common_annotations=common.table("annotations") if common else {},
        patches=tuple(_patch(item) for item in spec.each("patches")),
        images=tuple(_image(item) for item in spec.each("images")),
        components=spec.texts("components"),
        ignore_missing_components=spec.flag("ignoreMissingComponents"),
        build_metadata=spec.texts("buildMetadata"),
        post_build=_post_build(spec),
        decryption=_decryption(spec),
        remote_cluster=_remote_cluster(spec),
        service_account=spec.text("serviceAccountName"),
        suspend=spec.flag("suspend"),
        ignore=tuple(_ignore(item) for item in spec.each("ignore")),
    )


def _source(spec: Fields, namespace: str) -> ObjectReference:
    reference = spec.below("sourceRef")
    if reference is None:
        spec.refuse("sourceRef", "the kind and name of a source")
        raise AssertionError
    return ObjectReference(
        reference.text("kind", None), reference.text("name", None), reference.text("namespace") or namespace
    )


def _dependency(fields: Fields, namespace: str) -> Dependency:
    return Dependency(fields.text("name", None), fields.text("namespace") or namespace, fields.text("readyExpr"))


def _health_check(fields: Fields, namespace: str) -> HealthCheck:
    return HealthCheck(
        # What Flux takes for granted where nothing is said, since its first versions.
        fields.text("apiVersion") or "apps/v1",
        fields.text("kind", None),
        fields.text("name", None),
        fields.text("namespace") or namespace,
    )


def _health_expressions(fields: Fields) -> HealthExpressions:
    return HealthExpressions(
        fields.text("apiVersion", None),
        fields.text("kind"),
        fields.text("current", None),
        fields.text("inProgress"),
        fields.text("failed"),
    )


def _patch(fields: Fields) -> Mapping[str, Any]:
    target = fields.below("target")
    return {"patch": fields.text("patch", None)} | ({"target": dict(target.raw)} if target else {})


def _image(fields: Fields) -> Mapping[str, str]:
    keys = ("newName", "newTag", "digest")
    return {"name": fields.text("name", None)} | {key: fields.text(key) for key in keys if fields.text(key)}


def _post_build(spec: Fields) -> PostBuild | None:
    fields = spec.below("postBuild")
    if fields is None:
        return None
    sources = tuple(
        SubstituteFrom(
            item.choice("kind", ("Secret", "ConfigMap")), item.text("name", None), optional=item.flag("optional")
        )
        for item in fields.each("substituteFrom")
    )
    strategy = fields.choice("substituteStrategy", (WITH_VARIABLES, ALWAYS), WITH_VARIABLES)
    return PostBuild(fields.table("substitute"), sources, strategy)


def _decryption(spec: Fields) -> Decryption | None:
    fields = spec.below("decryption")
    if fields is None:
        return None
    secret = fields.below("secretRef")
    return Decryption(
        fields.choice("provider", ("sops",)),
        secret.text("name", None) if secret else "",
        fields.text("serviceAccountName"),
    )


def _remote_cluster(spec: Fields) -> RemoteCluster | None:
    fields = spec.below("kubeConfig")
    if fields is None:
        return None
    secret, config_map = fields.below("secretRef"), fields.below("configMapRef")
    if (secret is None) == (config_map is None):
        spec.refuse("kubeConfig", "either secretRef or configMapRef")
    return RemoteCluster(
        secret.text("name", None) if secret else "",
        secret.text("key") if secret else "",
        config_map.text("name", None) if config_map else "",
    )


def _ignore(fields: Fields) -> IgnoreRule:
    target = fields.below("target")
    return IgnoreRule(fields.texts("paths"), {key: str(value) for key, value in target.raw.items()} if target else {})
