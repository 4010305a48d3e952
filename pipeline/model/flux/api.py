"""Names of Flux's API: groups, kinds, annotations, labels, managers, condition types and reasons.

Source: fluxcd ``source-controller/api/v1``, ``kustomize-controller/api/v1``, ``pkg/apis/meta``,
``pkg/apis/event/v1beta1``.
"""

from __future__ import annotations

from typing import Final

from pipeline.model.cluster import ResourceType

SOURCE_GROUP: Final = "source.toolkit.fluxcd.io"
KUSTOMIZE_GROUP: Final = "kustomize.toolkit.fluxcd.io"

OCI_REPOSITORIES: Final = ResourceType(f"{SOURCE_GROUP}/v1", "OCIRepository", "ocirepositories", namespaced=True)
KUSTOMIZATIONS: Final = ResourceType(f"{KUSTOMIZE_GROUP}/v1", "Kustomization", "kustomizations", namespaced=True)

SECRETS: Final = ResourceType("v1", "Secret", "secrets", namespaced=True)
CONFIG_MAPS: Final = ResourceType("v1", "ConfigMap", "configmaps", namespaced=True)
SERVICE_ACCOUNTS: Final = ResourceType("v1", "ServiceAccount", "serviceaccounts", namespaced=True)
EVENTS: Final = ResourceType("v1", "Event", "events", namespaced=True)
LEASES: Final = ResourceType("coordination.k8s.io/v1", "Lease", "leases", namespaced=True)
DEPLOYMENTS: Final = ResourceType("apps/v1", "Deployment", "deployments", namespaced=True)

FINALIZER: Final = "finalizers.fluxcd.io"
REQUESTED_AT: Final = "reconcile.fluxcd.io/requestedAt"
"""Annotation: a value that was not handled yet asks for a reconciliation now."""
WATCH_LABEL: Final = "reconcile.fluxcd.io/watch"
"""Label on ConfigMaps and Secrets; ``Enabled`` makes a change of theirs reconcile who refers to them."""
WATCH_VALUE: Final = "Enabled"
SHARD_LABEL: Final = "sharding.fluxcd.io/key"
DRIFT_ANNOTATION: Final = "gitless.dev/drift"
"""Annotation on a Kustomization: ``report`` only tells what drifted; anything else corrects it."""
DRIFT_REPORT: Final = "report"
TRUST_POLICY_ANNOTATION: Final = "gitless.dev/trust-policy"
"""Annotation on an OCIRepository: the ConfigMap of its namespace with the trust policy that it is held to."""
ROLLBACK_ANNOTATION: Final = "gitless.dev/allow-rollback"
"""Annotation on an OCIRepository: the manifest digest that may be older than what it replaces; ``true``: any."""
MAX_PRUNE_ANNOTATION: Final = "gitless.dev/max-prune"
"""Annotation on a Kustomization: how much one reconciliation may delete, such as ``5`` or ``25%``."""
ALLOW_PRUNE_ANNOTATION: Final = "gitless.dev/allow-prune"
"""Annotation on a Kustomization: the manifest digest that may delete what guards keep."""
ISSUED_AT: Final = "gitless.dev/issued-at"
"""Key in ``status.artifact.metadata``: when the artifact was signed, RFC 3339."""
POLICY_DIGEST: Final = "gitless.dev/trust-policy-digest"
"""Key in ``status.artifact.metadata``: digest of the trust policies that the artifact satisfied last."""

OWNER_NAME_LABEL: Final = f"{KUSTOMIZE_GROUP}/name"
OWNER_NAMESPACE_LABEL: Final = f"{KUSTOMIZE_GROUP}/namespace"
APPLY_MANAGER: Final = "kustomize-controller"
"""Field manager under which Flux, and the puller like it, applies objects."""
SOURCE_STATUS_MANAGER: Final = "gotk-source-controller"
KUSTOMIZATION_STATUS_MANAGER: Final = "gotk-kustomize-controller"

READY: Final = "Ready"
RECONCILING: Final = "Reconciling"
STALLED: Final = "Stalled"
HEALTHY: Final = "Healthy"
FETCH_FAILED: Final = "FetchFailed"
ARTIFACT_OUTDATED: Final = "ArtifactOutdated"
ARTIFACT_IN_STORAGE: Final = "ArtifactInStorage"
STORAGE_OPERATION_FAILED: Final = "StorageOperationFailed"
SOURCE_VERIFIED: Final = "SourceVerified"

SUCCEEDED: Final = "Succeeded"
PROGRESSING: Final = "Progressing"
PROGRESSING_WITH_RETRY: Final = "ProgressingWithRetry"
DEPENDENCY_NOT_READY: Final = "DependencyNotReady"
ACCESS_DENIED: Final = "AccessDenied"
ARTIFACT_FAILED: Final = "ArtifactFailed"
BUILD_FAILED: Final = "BuildFailed"
PRUNE_FAILED: Final = "PruneFailed"
HEALTH_CHECK_FAILED: Final = "HealthCheckFailed"
HEALTH_CHECK_CANCELED: Final = "HealthCheckCanceled"
RECONCILIATION_SUCCEEDED: Final = "ReconciliationSucceeded"
RECONCILIATION_FAILED: Final = "ReconciliationFailed"
INVALID_CEL_EXPRESSION: Final = "InvalidCELExpression"
INVALID_SPEC: Final = "InvalidSpec"
"""Ours: a spec that the API server let through and that makes no sense; Flux has a reason per field, if any."""
GUARD_TRIPPED: Final = "GuardTripped"
"""Ours, a condition and a reason: it would delete what a guard keeps, and nothing was changed."""
NEW_ARTIFACT: Final = "NewArtifact"

MAX_MESSAGE: Final = 20000
"""Characters of a condition's message; longer ones are cut (kustomize-controller api/v1)."""
MAX_HISTORY: Final = 5
