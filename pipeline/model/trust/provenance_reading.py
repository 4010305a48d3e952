"""Builder and source of a SLSA provenance, from where each build type keeps them.

Formats: SLSA ``provenance/v1`` and ``provenance/v0.2``; GitHub's build types (``actions.github.io/buildtypes`` and
``slsa-framework.github.io/github-actions-buildtypes``), GitLab's runner's, Tekton Chains' ``tekton.dev/chains/v2``, and
our own. Only
known build types are read: in any other, the same field may hold what the person who started the build typed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.model.trust.predicate_types import SLSA_PROVENANCE_V02

_OWN = "https://gitless.dev/"
_GITHUB = (
    "https://actions.github.io/buildtypes/workflow/v1",
    "https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1",
)
_GITHUB_V02 = ("https://github.com/slsa-framework/slsa-github-generator/", "https://github.com/Attestations/")
_TEKTON = ("https://tekton.dev/chains/v2/", "tekton.dev/", "https://tekton.dev/attestations/chains")
_TEKTON_SOURCE = "inputs/result"
"""How Chains names the dependencies that it takes from results and parameters of the type git."""
_GITLAB = "https://gitlab.com/gitlab-org/gitlab-runner/"
_SAME_AS_HTTPS = ("https", "ssh", "git")
_REF_PREFIX = "refs/"
_BRANCH_PREFIX = "refs/heads/"


@dataclass(frozen=True, slots=True)
class ProvenanceFacts:
    """What a provenance says; empty is what it does not say.

    Repositories are normalised by :func:`repository_url` and the ref by :func:`whole_ref`.
    """

    builder: str = ""
    build_type: str = ""
    repositories: tuple[str, ...] = ()
    ref: str = ""
    workflow: str = ""


def read_provenance(predicate_type: str, predicate: Mapping[str, Any]) -> ProvenanceFacts:
    """The facts; a predicate of any shape is read, and what is not where it belongs is not said."""
    if predicate_type == SLSA_PROVENANCE_V02:
        return _old(predicate)
    definition = _object(predicate, "buildDefinition")
    build_type = _text(definition, "buildType")
    builder = _text(_object(_object(predicate, "runDetails"), "builder"), "id")
    parameters = _object(definition, "externalParameters")
    dependencies = _objects(definition, "resolvedDependencies")
    if build_type in _GITHUB:
        workflow = _object(parameters, "workflow")
        return _facts(
            builder, build_type, (_text(workflow, "repository"), _text(workflow, "ref")), _text(workflow, "path")
        )
    if build_type.startswith(_OWN):
        source, workflow = _object(parameters, "source"), _object(parameters, "workflow")
        path = _text(workflow, "path") or _text(parameters, "workflow") or _text(source, "workflow")
        return _facts(builder, build_type, (_text(source, "repository"), _text(source, "ref")), path)
    if build_type.startswith(_GITLAB):
        return _gitlab(builder, build_type, _text(parameters, "source"), dependencies)
    if build_type.startswith(_TEKTON):
        uris = [_text(item, "uri") for item in dependencies if _text(item, "name") == _TEKTON_SOURCE]
        # What gitless writes within a Tekton task begins with the source, which has no name.
        first = [_text(item, "uri") for item in dependencies[:1] if not _text(item, "name")]
        return _of_dependencies(builder, build_type, uris or first)
    return ProvenanceFacts(builder, build_type)


def repository_url(text: str) -> str:
    """A repository's URL as it is compared: without ``git+``, user, ``.git`` and final ``/``, the host in lower case.

    ssh, in either spelling, and a name without a scheme, such as ``github.com/acme/shop``, are the same as https.
    """
    url = text.removeprefix("git+").rstrip("/").removesuffix(".git")
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "https", url
        host, colon, path = url.partition(":")
        if colon and "@" in host and "/" not in host:
            rest = f"{host}/{path.lstrip('/')}"
    host, slash, path = rest.partition("/")
    scheme = "https" if scheme.lower() in _SAME_AS_HTTPS else scheme.lower()
    return f"{scheme}://{host.rpartition('@')[2].lower()}{slash}{path}" if url else ""


def whole_ref(text: str) -> str:
    """``refs/heads/x`` for the branch ``x``; whole refs stay what they are, so a tag is never taken for a branch."""
    return text if not text or text.startswith(_REF_PREFIX) else _BRANCH_PREFIX + text


def _old(predicate: Mapping[str, Any]) -> ProvenanceFacts:
    """Version 0.2: GitHub's generator puts the source where the configuration is from, Chains among the materials."""
    build_type = _text(predicate, "buildType")
    builder = _text(_object(predicate, "builder"), "id")
    if build_type.startswith(_GITHUB_V02):
        source = _object(_object(predicate, "invocation"), "configSource")
        return _facts(builder, build_type, _split(_text(source, "uri")), _text(source, "entryPoint"))
    if build_type.startswith(_TEKTON):
        return _of_dependencies(builder, build_type, [_text(item, "uri") for item in _objects(predicate, "materials")])
    return ProvenanceFacts(builder, build_type)


def _gitlab(builder: str, build_type: str, project: str, dependencies: Sequence[Mapping[str, Any]]) -> ProvenanceFacts:
    """The project is a parameter; its ref, where anybody says it, stands behind the project among what was resolved."""
    found = _of_dependencies(builder, build_type, [_text(item, "uri") for item in dependencies[:1]])
    is_same = found.repositories == (repository_url(project),)
    return _facts(builder, build_type, (project, found.ref if is_same else ""), "")


def _facts(builder: str, build_type: str, source: tuple[str, str], workflow: str) -> ProvenanceFacts:
    repository, ref = source
    found = (repository_url(repository),) if repository else ()
    return ProvenanceFacts(builder, build_type, found, whole_ref(ref), workflow)


def _of_dependencies(builder: str, build_type: str, uris: Sequence[str]) -> ProvenanceFacts:
    sources = [_split(uri) for uri in uris if uri.startswith("git+")]
    repositories = tuple(dict.fromkeys(repository_url(repository) for repository, _ in sources))
    refs = {whole_ref(ref) for _, ref in sources}
    return ProvenanceFacts(builder, build_type, repositories, refs.pop() if len(refs) == 1 else "")


def _split(uri: str) -> tuple[str, str]:
    """``git+URL@REF`` as URL and ref; an ``@`` before the host belongs to the URL."""
    head, separator, ref = uri.rpartition("@")
    if not separator or "/" not in head.partition("://")[2]:
        return uri, ""
    return head, ref


def _object(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, Mapping) else {}


def _objects(parent: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = parent.get(key)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _text(parent: Mapping[str, Any], key: str) -> str:
    value = parent.get(key)
    return value if isinstance(value, str) else ""
