"""All rules of the lint, by topic."""

from __future__ import annotations

from typing import Final

from pipeline.model.validation.lint import (
    host_access,
    images,
    immutability,
    ports,
    privileges,
    probes,
    rbac,
    references,
    resources,
    secrets,
    selections,
)
from pipeline.model.validation.lint.rule import LintRule

LINT_RULES: Final[tuple[LintRule, ...]] = (
    images.image_latest,
    images.image_digest,
    resources.resource_requests,
    resources.resource_memory_limit,
    resources.resource_cpu_limit,
    probes.probe_readiness,
    probes.probe_liveness,
    host_access.host_network,
    host_access.host_pid,
    host_access.host_ipc,
    host_access.host_path,
    privileges.privileged,
    privileges.privilege_escalation,
    privileges.run_as_root,
    privileges.added_capability,
    secrets.secret_plain,
    immutability.immutable_field,
    references.missing_service_account,
    references.missing_config_map,
    references.missing_secret,
    references.missing_volume_claim,
    references.missing_role,
    selections.service_without_pods,
    selections.service_target_port,
    selections.missing_service,
    selections.missing_scale_target,
    selections.disruption_budget_without_pods,
    ports.container_port_duplicate,
    ports.container_port_name_duplicate,
    ports.host_port_duplicate,
    ports.service_port_duplicate,
    ports.node_port_duplicate,
    rbac.rbac_any_resource,
    rbac.rbac_any_group,
    rbac.rbac_any_verb,
    rbac.rbac_cluster_admin,
)
