"""Two more applications in the repository, each with a ``gitless.yaml``, of which a push touches one."""

from __future__ import annotations

from collections.abc import Mapping

from tests.platform.sigstore.deployment import ISSUER, SigstoreDeployment

NAMES = ("greeter", "clock")
_SETTINGS = """\
apiVersion: gitless.dev/v1
kind: Pipeline
name: {name}
sources: [{{path: manifests}}]
artifact: {{repository: oci://{registry}/acme/{name}}}
signing: {{keyless: true, trustedRoot: {root}, signingConfig: {config}}}
trust:
  identities:
    - subject: https://github.com/acme/shop/.github/workflows/monorepo.yml@refs/heads/main
      issuer: {issuer}
  trustedRoot: {root}
targets:
  production:
    artifact: {{tags: [production]}}
"""
_MANIFEST = """\
apiVersion: v1
kind: ConfigMap
metadata: {{name: {name}}}
data: {{words: "{words}"}}
"""


def files(registry: str, sigstore: SigstoreDeployment) -> Mapping[str, str]:
    """What is added to the repository, by path."""
    found = {}
    for name in NAMES:
        found[f"apps/{name}/gitless.yaml"] = _SETTINGS.format(
            name=name, registry=registry, root=sigstore.trusted_root, config=sigstore.signing_config, issuer=ISSUER
        )
        found |= changed(name, "hello")
    return found


def changed(name: str, words: str) -> Mapping[str, str]:
    """A change of one application's manifests."""
    return {f"apps/{name}/manifests/settings.yaml": _MANIFEST.format(name=name, words=words)}
