"""The composition root: options become adapters here and nowhere else; every adapter is imported when it is needed."""

from pipeline.wiring.building import (
    build_platform,
    materials,
    provenance,
    renderers,
    sbom,
    sops_decryptor,
    tree_builder,
)
from pipeline.wiring.clusters import api_server, cluster, connection, remote_connection
from pipeline.wiring.engines import image_engine, registry_login
from pipeline.wiring.gates import custom_definitions, gates, places, places_in, read_manifests
from pipeline.wiring.identities import find_login, identity, login_check, login_store, mask, provider_for
from pipeline.wiring.images import image_policies, image_ports, lock_materials
from pipeline.wiring.keys import convert_key, describe_key, finish_rotation, generate_key_pair, start_rotation
from pipeline.wiring.pictures import picture
from pipeline.wiring.proposing import base_branch, committer, pull_requests
from pipeline.wiring.recording import record_ports, record_registry, record_trust
from pipeline.wiring.stores import artifact_cache, delete_manifest, matching_tags, registry, registry_pool
from pipeline.wiring.surroundings import checkout, clock, expressions, presence, programs_found, writer
from pipeline.wiring.trusting import (
    approvers,
    check_trust_policy,
    demanded_approvers,
    notation_verifier,
    public_key,
    read_certificate,
    signer,
    signer_of,
    stranger,
    trust_policy,
    trust_ports,
    trusted_manifests,
    verifier,
)

__all__ = [
    "api_server",
    "approvers",
    "artifact_cache",
    "base_branch",
    "build_platform",
    "check_trust_policy",
    "checkout",
    "clock",
    "cluster",
    "committer",
    "connection",
    "convert_key",
    "custom_definitions",
    "delete_manifest",
    "demanded_approvers",
    "describe_key",
    "expressions",
    "find_login",
    "finish_rotation",
    "gates",
    "generate_key_pair",
    "identity",
    "image_engine",
    "image_policies",
    "image_ports",
    "lock_materials",
    "login_check",
    "login_store",
    "mask",
    "matching_tags",
    "materials",
    "notation_verifier",
    "picture",
    "places",
    "places_in",
    "presence",
    "programs_found",
    "provenance",
    "provider_for",
    "public_key",
    "pull_requests",
    "read_certificate",
    "read_manifests",
    "record_ports",
    "record_registry",
    "record_trust",
    "registry",
    "registry_login",
    "registry_pool",
    "remote_connection",
    "renderers",
    "sbom",
    "signer",
    "signer_of",
    "sops_decryptor",
    "start_rotation",
    "stranger",
    "tree_builder",
    "trust_policy",
    "trust_ports",
    "trusted_manifests",
    "verifier",
    "writer",
]
