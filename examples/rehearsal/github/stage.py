"""Everything that the workflows meet, set up on this machine, and each of them played on it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from examples.rehearsal.github import monorepo, wheels
from examples.rehearsal.github.act import Act, Run
from examples.rehearsal.github.application import WORKFLOWS, Application, Names
from examples.rehearsal.github.clusters import Clusters
from examples.rehearsal.github.errors import RehearsalError
from examples.rehearsal.github.services import REPOSITORY, TOKEN, GitHubServices, github_services
from examples.rehearsal.github.stand_ins import ARTIFACTS, place
from tests.platform.binaries import ensure
from tests.platform.control_plane import ControlPlane
from tests.platform.registries import ReferrersRegistry
from tests.platform.sigstore.deployment import SigstoreDeployment

SCENES = ("main", "pull-request", "release", "drift", "monorepo")
"""The workflows in the order in which they are played: each finds what those before it have left."""
_TOOLS = ("kustomize", "helm", "kubectl")
_PLATFORM = ("act", "registry", "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok")
_MARKER = ".rehearsal"


@dataclass(kw_only=True)
class Stage:
    """The platform, a repository with its workflows, and act; scenes change all of them."""

    state: Path
    act: Act
    application: Application
    clusters: Clusters
    services: GitHubServices
    kubeconfig: Path
    registry: str
    replaced: tuple[str, ...]
    troubles: list[str] = field(default_factory=list)

    @classmethod
    @contextmanager
    def set(cls, state: Path, *, workflows: Mapping[str, str] | None = None) -> Iterator[Stage]:
        """Set it up in a new folder or one of an earlier rehearsal; ``workflows`` are more of them, by file name.

        Raises:
            RehearsalError: the folder is somebody's, or something could not be built.
        """
        _clear(state)
        tools = ensure([*_TOOLS, *_PLATFORM, "sigstore-mock"])
        found, wheel = wheels.dependencies(), wheels.of_this_tree(state / "dist")
        path = (*dict.fromkeys(tools[name].parent for name in _TOOLS), Path(sys.base_prefix) / "bin")
        with ExitStack() as stack:
            sigstore = stack.enter_context(SigstoreDeployment.start(state / "sigstore"))
            registry = stack.enter_context(ReferrersRegistry.start(state / "registry")).address
            plane = stack.enter_context(ControlPlane.start(state / "cluster"))
            services = stack.enter_context(github_services(sigstore))
            clusters = Clusters(state / "clusters", registry, plane.kubeconfig, sigstore.trusted_root, path)
            names = Names(registry=registry)
            texts = {file.name: file.read_text() for file in sorted(WORKFLOWS.glob("*.yml"))} | dict(workflows or {})
            texts = {name: names.in_text(text) for name, text in texts.items()}
            defaults = {"trusted-root": str(sigstore.trusted_root), "signing-config": str(sigstore.signing_config)}
            actions = place(state / "actions", texts, wheel, defaults)
            variables = {
                # pip's own settings: everything is here already, and nothing is asked for elsewhere.
                "PIP_NO_INDEX": "1", "PIP_NO_COMPILE": "1",
                "PIP_FIND_LINKS": f"{found.as_uri()} {wheel.parent.as_uri()}",
                ARTIFACTS: str(state / "artifacts"), **services.variables, **_identity(),
            }  # fmt: skip
            yield cls(
                state=state,
                act=Act(folder=state, path=path, environment=variables, repositories=actions.repositories),
                application=Application.create(
                    state / "shop", texts, {**clusters.key_files, **monorepo.files(registry, sigstore)}
                ),
                clusters=clusters, services=services, kubeconfig=plane.kubeconfig, registry=registry,
                replaced=(*names.replaced, *actions.replaced, *_SERVED),
            )  # fmt: skip

    def play(self, scene: str) -> Run:
        """Run the workflow of that name for the event that it is there for.

        Raises:
            RehearsalError: what comes before or after it on a cluster's side failed.
        """
        scenes: Mapping[str, Callable[[], Run]] = {
            "main": self._main, "pull-request": self._pull_request, "release": self._release, "drift": self._drift,
            "monorepo": self._monorepo,
        }  # fmt: skip
        return scenes[scene]()

    def run(self, workflow: str, event: str, payload: Mapping[str, Any], **variables: str) -> Run:
        """Run any workflow of the repository."""
        tokens = self.services.tokens
        tokens.workflow, tokens.commit = workflow, self.application.head
        secrets = {"GITHUB_TOKEN": TOKEN, "KUBECONFIG": self.kubeconfig.read_text()}
        reference = f"{REPOSITORY}/.github/workflows/{workflow}@{tokens.ref}"
        named = {"GITHUB_WORKFLOW_REF": reference, "GITHUB_WORKFLOW_SHA": tokens.commit, **variables}
        return self.act.run(self.application.folder, workflow, event, payload, secrets=secrets, variables=named)

    def afterwards(self) -> list[str]:
        """Where to look: the comment, what was uploaded, logs."""
        lines = [f"Everything is in {self.state}:"]
        for number, body in enumerate(self.services.api.bodies):
            file = self.state / f"comment-{number + 1}.md"
            file.write_text(body)
            lines.append(f"  {file.name}: a comment on the pull request")
        uploads = sorted((self.state / "artifacts").rglob("*"))
        lines += [f"  {file.relative_to(self.state)}: uploaded" for file in uploads if file.is_file()]
        return [*lines, "  logs/: what act said, a line of JSON each"]

    def _main(self) -> Run:
        run = self.run("main.yml", "push", self.application.pushed())
        if run.is_successful:
            self.clusters.deliver("staging")
        return run

    def _pull_request(self) -> Run:
        application = self.application
        application.git("switch", "--quiet", "--create", "change")
        application.set_frontend_tag("1.5.0")
        application.commit("A new frontend")
        try:
            return self.run("pull-request.yml", "pull_request", application.opened(), GITHUB_HEAD_REF="change")
        finally:
            application.git("switch", "--quiet", "main")

    def _release(self) -> Run:
        with self.clusters.following("production") as troubles:
            run = self.run("release.yml", "release", self.application.released("v1.0.0"))
        if troubles:
            raise RehearsalError("; ".join(troubles))
        return run

    def _drift(self) -> Run:
        return self.run("drift.yml", "schedule", self.application.scheduled())

    def _monorepo(self) -> Run:
        before = self.application.head
        self.application.write(monorepo.changed(monorepo.NAMES[0], "good morning"))
        self.application.commit("Another greeting")
        return self.run("monorepo.yml", "push", self.application.pushed(before))


_SERVED = (
    "GitHub's API, its identity tokens and Sigstore: stand-ins on loopback; every job gets tokens",
    "the clusters staging and production: one control plane, whose side `gitless run` plays",
)


def _identity() -> dict[str, str]:
    """What GitHub tells a job about itself, and act does not."""
    return {
        "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_REPOSITORY_ID": "101", "GITHUB_REPOSITORY_OWNER_ID": "11",
        "GITHUB_RUN_ID": "4711", "GITHUB_RUN_ATTEMPT": "1", "RUNNER_ENVIRONMENT": "self-hosted",
    }  # fmt: skip


def _clear(state: Path) -> None:
    if state.exists() and any(state.iterdir()) and not (state / _MARKER).exists():
        raise RehearsalError(f"{state} is not empty, and of no rehearsal: give a new folder with --state")
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    (state / _MARKER).touch()
