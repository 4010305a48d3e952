"""The clusters' own side: it applies what a tag points at, if the workflow signed it, and records that, signed.

One control plane plays staging and production, one after the other, and ``gitless run`` plays what a cluster's puller
does, so that the workflows that only read records have some, and those that ask a cluster have one.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from examples.rehearsal.github.errors import RehearsalError
from tests.platform.sigstore.deployment import ISSUER

ENVIRONMENTS = ("staging", "production")
_PASSWORD = "rehearsal"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_SETTINGS = """\
apiVersion: gitless.dev/v1
kind: Pipeline
name: shop
artifact: {{repository: oci://{registry}/acme/shop}}
sources: [{{path: nothing}}]
trust:
  identities:
    - subject: https://github.com/acme/shop/.github/workflows/main.yml@refs/heads/main
      issuer: {issuer}
  trustedRoot: {trusted_root}
targets:
"""
_TARGET = """\
  {name}:
    namespace: shop
    deployRecord:
      cluster: {name}
      repository: oci://{registry}/acme/shop-deployments
      signing: {{key: {name}.key}}
"""


class Clusters:
    """Both, with keys of their own, before the registry and the control plane of this machine."""

    def __init__(self, folder: Path, registry: str, kubeconfig: Path, trusted_root: Path, path: Sequence[Path]) -> None:
        self._folder = folder
        self._registry = registry
        self._environment = {
            "PATH": os.pathsep.join([*map(str, path), "/usr/bin", "/bin"]),
            "HOME": str(folder),
            "KUBECONFIG": str(kubeconfig),
            "COSIGN_PASSWORD": _PASSWORD,
        }
        folder.mkdir(parents=True)
        settings = _SETTINGS.format(registry=registry, issuer=ISSUER, trusted_root=trusted_root)
        targets = (_TARGET.format(name=name, registry=registry) for name in ENVIRONMENTS)
        (folder / "gitless.yaml").write_text(settings + "".join(targets))
        for name in ENVIRONMENTS:
            self._gitless("keys", "generate", "--output-key-prefix", name)

    @property
    def key_files(self) -> Mapping[str, str]:
        """The public keys that their records are signed with, by the paths at which the workflows have them."""
        return {f"keys/{name}.pub": (self._folder / f"{name}.pub").read_text() for name in ENVIRONMENTS}

    def tag(self, name: str) -> str:
        """The digest that the application's tag of that name points at; empty without one."""
        url = f"http://{self._registry}/v2/acme/shop/manifests/{name}"
        request = urllib.request.Request(url, method="HEAD", headers={"Accept": _MANIFEST})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return str(answer.headers.get("Docker-Content-Digest", ""))
        except urllib.error.HTTPError:
            return ""

    def deliver(self, name: str) -> str:
        """Apply what the tag of that name points at, and record it; returns what was said.

        Raises:
            RehearsalError: nothing is under the tag, or it was refused or is not healthy.
        """
        digest = self.tag(name)
        if not digest:
            raise RehearsalError(f"nothing has the tag {name} that the cluster {name} could apply")
        results = self._folder / f"results-{name}"
        results.mkdir(exist_ok=True)
        url = f"oci://{self._registry}/acme/shop@{digest}"
        (results / "package.json").write_text(json.dumps({"digestUrl": url}))
        return self._gitless("run", "--target", name, "--from", "apply", "--results-dir", str(results))

    @contextmanager
    def following(self, name: str) -> Iterator[list[str]]:
        """Meanwhile, deliver whatever the tag of that name comes to point at; gives what went wrong, in words."""
        stop, troubles = threading.Event(), list[str]()

        def follow() -> None:
            seen = self.tag(name)
            while not stop.wait(0.5):
                found = self.tag(name)
                if found != seen:
                    seen = found
                    try:
                        self.deliver(name)
                    except RehearsalError as error:
                        troubles.append(str(error))

        thread = threading.Thread(target=follow, name=f"cluster {name}")
        thread.start()
        try:
            yield troubles
        finally:
            stop.set()
            thread.join()

    def _gitless(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "pipeline", *arguments]
        done = subprocess.run(
            command, cwd=self._folder, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        if done.returncode:
            raise RehearsalError(f"gitless {' '.join(arguments)} failed on the cluster's side:\n{done.stderr.strip()}")
        return done.stdout
