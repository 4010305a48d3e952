"""Projects that are delivered by the ``gitless`` command itself, onto real registries and a real API server."""

from __future__ import annotations

import base64
import io
import json
import os
import re
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import yaml

from pipeline.cli import application
from pipeline.cli.boundary import run_guarded
from tests.command_line import Outcome
from tests.platform import control_plane as platform
from tests.platform.binaries import binary
from tests.platform.registries import DebianRegistry, ReferrersRegistry

Document = dict[str, Any]

EXAMPLE = Path(__file__).parents[3] / "examples" / "shop"
GITLESS = Path(sys.executable).with_name("gitless")
KEY_PASSWORD = "correct-horse-battery"
SECRET = "rehearsal-only"
_UNSPEAKABLE = (KEY_PASSWORD, SECRET, base64.b64encode(SECRET.encode()).decode(), "Traceback")
_SECONDS = 120


@dataclass
class Project:
    """A folder with gitless.yaml, and the commands that are run in it; everything they say is kept in ``said``."""

    folder: Path
    name: str
    """Of the inventory, and of the namespace that the objects are in."""
    repository: str
    kubeconfig: Path
    is_apart: bool = False
    """Whether each command is a process of its own, as for users, or runs in the test's, which saves its start."""
    said: list[str] = field(default_factory=list)

    def command(self, *arguments: str) -> list[str]:
        return [str(GITLESS), *arguments]

    def environment(self, **variables: str) -> dict[str, str]:
        tools = [str(binary(tool).parent) for tool in ("kustomize", "helm")]
        path = os.pathsep.join([*tools, "/usr/bin", "/bin"])
        own = {"PATH": path, "HOME": str(self.folder), "KUBECONFIG": str(self.kubeconfig)}
        return {**own, "COSIGN_PASSWORD": KEY_PASSWORD, "LANG": "C.UTF-8", **variables}

    def gitless(self, *arguments: str, **variables: str) -> Outcome:
        """Run it; ``variables`` are added to its environment."""
        environment = self.environment(**variables)
        outcome = self._apart(arguments, environment) if self.is_apart else self._here(arguments, environment)
        self.said += [outcome.out, outcome.err]
        return outcome

    def run(self, *arguments: str) -> Outcome:
        """The whole chain, which must go well."""
        outcome = self.gitless("run", "--target", "staging", *arguments)
        assert outcome.code == 0, outcome
        return outcome

    def publish(self, *arguments: str) -> str:
        """Build, package and sign; returns digestUrl."""
        outcome = self.run("--to", "sign", "-o", "json", *arguments)
        url: str = outcome.document["digestUrl"]
        return url

    def apply(self, reference: str, *arguments: str) -> Outcome:
        return self.gitless("apply", reference, *self.place, "--key", "cosign.pub", *arguments)

    def verify(self, *arguments: str) -> Outcome:
        return self.gitless("verify", *self.place, "--key", "cosign.pub", *arguments)

    @property
    def place(self) -> tuple[str, ...]:
        return ("--inventory", self.name, "-n", self.name)

    def kubectl(self, *arguments: str) -> str:
        command = [str(binary("kubectl")), f"--kubeconfig={self.kubeconfig}", f"--namespace={self.name}", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)
        assert done.returncode == 0, done
        return done.stdout

    def objects(self, kinds: str = "configmaps") -> dict[str, Document]:
        """What carries our labels in the namespace, by kind and name."""
        listed = json.loads(
            self.kubectl("get", kinds, f"-lgitless.dev/inventory-name={self.name}", "-ojson", "--show-managed-fields")
        )
        return {f"{item['kind']}/{item['metadata']['name']}": item for item in listed["items"]}

    def inventory(self) -> Document:
        stored = json.loads(self.kubectl("get", "configmap", f"gitless-inventory-{self.name}", "-ojson"))
        found: Document = json.loads(stored["data"]["inventory.json"])
        return found

    def write(self, *bodies: Document) -> None:
        """Replace the sources of a project of plain manifests."""
        folder = self.folder / "manifests"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / "all.yaml").write_text(yaml.safe_dump_all(bodies))

    def settings(self, name: str = "settings", **data: str) -> Document:
        """A ConfigMap."""
        metadata = {"name": name, "namespace": self.name}
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data or {"color": "blue"}}

    def edit(self, file: str, pattern: str, replacement: str) -> None:
        path = self.folder / file
        text, count = re.subn(pattern, replacement, path.read_text())
        assert count, f"{file} has no {pattern}"
        path.write_text(text)

    def _apart(self, arguments: Sequence[str], environment: dict[str, str]) -> Outcome:
        done = subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def _here(self, arguments: Sequence[str], environment: dict[str, str]) -> Outcome:
        out, err = io.StringIO(), io.StringIO()
        with (
            chdir(self.folder),
            patch.dict(os.environ, environment, clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = run_guarded(application, list(arguments))
        return Outcome(code, out.getvalue(), err.getvalue())


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReferrersRegistry]:
    with ReferrersRegistry.start(tmp_path_factory.mktemp("registry")) as started:
        yield started


@pytest.fixture(scope="session")
def debian_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DebianRegistry]:
    with DebianRegistry.start(tmp_path_factory.mktemp("debian-registry")) as started:
        yield started


@pytest.fixture(scope="session")
def key_pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with cosign.key and cosign.pub."""
    folder = tmp_path_factory.mktemp("keys")
    environment = {"PATH": os.defpath, "COSIGN_PASSWORD": KEY_PASSWORD}
    subprocess.run([GITLESS, "keys", "generate"], cwd=folder, env=environment, capture_output=True, check=True)
    return folder


@pytest.fixture
def project(
    tmp_path: Path, namespace: str, registry: ReferrersRegistry, key_pair: Path, control_plane: platform.Cluster
) -> Iterator[Project]:
    """Plain manifests (none yet), published to a registry, delivered to a namespace that exists."""
    folder = tmp_path / "project"
    shutil.copytree(key_pair, folder)
    repository = f"oci://{registry.address}/{namespace}"
    settings = {
        "apiVersion": "gitless.dev/v1",
        "kind": "Pipeline",
        "name": namespace,
        "artifact": {"repository": repository, "tags": ["live"]},
        "signing": {"key": "cosign.key"},
        "trust": {"keys": ["cosign.pub"]},
        "targets": {"staging": {"sources": [{"path": "manifests"}], "namespace": namespace, "timeout": "1m"}},
    }
    (folder / "gitless.yaml").write_text(yaml.safe_dump(settings))
    found = Project(folder, namespace, repository, control_plane.kubeconfig)
    yield found
    keeps_its_secrets(found)


@pytest.fixture
def shop(
    tmp_path: Path,
    registry: ReferrersRegistry,
    key_pair: Path,
    control_plane: platform.Cluster,
) -> Iterator[Project]:
    """The example application under names of its own, so that several can stand side by side."""
    name = f"shop-{uuid.uuid4().hex[:8]}"
    folder = tmp_path / "shop"
    shutil.copytree(EXAMPLE, folder)
    shutil.copytree(key_pair, folder, dirs_exist_ok=True)
    for file in folder.rglob("*.yaml"):
        text = file.read_text().replace("shop.example", f"{name}.example")
        file.write_text(re.sub(r"(?m)^(\s*(?:name|namespace): )shop$", rf"\g<1>{name}", text))
    repository = f"oci://{registry.address}/{name}"
    found = Project(folder, name, repository, control_plane.kubeconfig, is_apart=True)
    found.edit("gitless.yaml", r"repository: \S+", f"repository: {repository}")
    found.edit("gitless.yaml", r"(  staging:\n)", rf"\1    namespace: {name}\n")
    yield found
    keeps_its_secrets(found)
    for kind, object_name in (("Namespace", name), ("CustomResourceDefinition", f"campaigns.{name}.example")):
        if f"{kind} {object_name}" in "".join(found.said):
            found.kubectl("delete", kind.lower(), object_name, "--wait=false", "--ignore-not-found")


def keeps_its_secrets(project: Project) -> None:
    """Whatever a test is about: no output and no kept result may hold a secret, and no failure a traceback."""
    results = [path.read_text(errors="replace") for path in project.folder.glob("results*/*.json")]
    for text in (*project.said, *results):
        for word in _UNSPEAKABLE:
            assert word not in text, f"{word!r} in: {text[:2000]}"
