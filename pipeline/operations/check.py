"""Whether a cluster is fit for the puller, and whether the one that is installed works."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from pipeline.errors import ClusterError, RefusedError, VerificationError
from pipeline.model.flux.api import DEPLOYMENTS, SERVICE_ACCOUNTS
from pipeline.model.flux.definitions import DEFINITIONS
from pipeline.model.health.rules import health
from pipeline.model.installation.kinds import CLUSTER_ROLE_BINDINGS, DEFINITION_TYPE, ROLE_BINDINGS
from pipeline.model.installation.labels import PULLER, VERSION, instance_selector
from pipeline.model.installation.requirements import INSTALLING, OLDEST_KUBERNETES, is_supported, right
from pipeline.model.installation.standing import is_ours, keep_definition, missing_fields, part_of
from pipeline.model.outcome.check import Check, CheckResult
from pipeline.operations.install import running_rivals
from pipeline.ports import ApiServer, Clock, Reporter

_SHARD: Final = "--watch-label-selector="

_Look = Callable[[], Check]


def check(
    namespace: str, version: str, server: ApiServer, *, before_installation: bool, reporter: Reporter, clock: Clock
) -> CheckResult:
    """Look at everything and say each thing as it is found.

    Args:
        namespace: where the puller is, or will be.
        version: ours; the installed one should be the same.
        server: the cluster.
        before_installation: look only at what an installation needs.
        reporter: hears of every check.
        clock: for judging pods.

    Raises:
        ClusterError: the API server cannot be asked at all.
    """
    looks = _before(namespace, server) if before_installation else _after(namespace, version, server, clock)
    found = []
    for name, look in looks:
        try:
            one = look()
        except ClusterError as error:
            if error.code != "cluster.denied":
                raise
            one = Check(name, passed=False, message=error.message, hint=error.hint or "ask for the right to read it")
        found.append(one)
        reporter.info(f"{'✔' if one.passed else '✗'} {one.message}", check=one.name, passed=one.passed)
        if one.hint:
            reporter.info(f"  {one.hint}")
    return CheckResult(cluster=server.context, namespace=namespace, checks=tuple(found))


def require_passed(result: CheckResult) -> None:
    """Turn failed checks into an error.

    Raises:
        VerificationError: there is any.
    """
    if result.failed:
        raise VerificationError(f"{result.failed} of {len(result.checks)} checks failed", code="verification.check")


def _before(namespace: str, server: ApiServer) -> Iterator[tuple[str, _Look]]:
    yield "kubernetes", lambda: _kubernetes(server)
    yield "rights", lambda: _rights(namespace, server)
    yield "rivals", lambda: _rivals(server, is_shard=False)
    for definition in DEFINITIONS:
        yield "definition", lambda name=definition["metadata"]["name"]: _replaceable(name, server)  # type: ignore[misc] # a lambda's default


def _after(namespace: str, version: str, server: ApiServer, clock: Clock) -> Iterator[tuple[str, _Look]]:
    yield "kubernetes", lambda: _kubernetes(server)
    for definition in DEFINITIONS:
        yield "definition", lambda name=definition["metadata"]["name"]: _definition(name, server)  # type: ignore[misc] # the same
    yield "access", lambda: _access(namespace, server)
    yield "puller", lambda: _puller(namespace, server, clock)
    yield "version", lambda: _version(namespace, version, server)
    yield "rivals", lambda: _rivals(server, is_shard=_is_shard(namespace, server))


def _kubernetes(server: ApiServer) -> Check:
    version = server.version()
    oldest = ".".join(map(str, OLDEST_KUBERNETES))
    supported = is_supported(version)
    if supported:
        return Check("kubernetes", passed=True, message=f"Kubernetes {version} (at least {oldest})")
    told = "is older than" if supported is False else "cannot be compared with"
    return Check(
        "kubernetes", passed=False, message=f"Kubernetes {version} {told} {oldest}", hint="upgrade the cluster"
    )


def _rights(namespace: str, server: ApiServer) -> Check:
    missing = [
        right(verb, kind)
        for verb, kind in INSTALLING
        if not server.may(verb, kind, namespace if kind.namespaced else "")
    ]
    if not missing:
        return Check("rights", passed=True, message=f"we may install into {namespace}")
    return Check(
        "rights",
        passed=False,
        message=f"we may not {', '.join(missing)}",
        hint="install as cluster-admin: nobody else may grant the puller its rights",
    )


def _rivals(server: ApiServer, *, is_shard: bool) -> Check:
    found = running_rivals(server)
    names = ", ".join(map(str, found))
    if not found:
        return Check("rivals", passed=True, message="no controllers of Flux serve the same kinds")
    if is_shard:
        return Check("rivals", passed=True, message=f"{names} of Flux, and the puller has a share of its own")
    return Check(
        "rivals",
        passed=False,
        message=f"{names} of Flux reconcile the same objects",
        hint="scale them to 0, or give the puller a share of its own with --watch-label-selector",
    )


def _replaceable(name: str, server: ApiServer) -> Check:
    live = server.read(DEFINITION_TYPE, "", name)
    if live is None:
        return Check("definition", passed=True, message=f"{name} is not there yet")
    if is_ours(live):
        return Check("definition", passed=True, message=f"{name} is our own and can be upgraded")
    try:
        told = keep_definition(live)
    except RefusedError as error:
        return Check("definition", passed=False, message=error.message, hint=error.hint or "")
    return Check("definition", passed=True, message=f"{name}: {told}")


def _definition(name: str, server: ApiServer) -> Check:
    live = server.read(DEFINITION_TYPE, "", name)
    if live is None:
        return Check("definition", passed=False, message=f"{name} is missing", hint="gitless install brings it")
    versions = [str(version.get("name")) for version in live["spec"]["versions"]]
    stored = list((live.get("status") or {}).get("storedVersions") or ())
    lost = [version for version in stored if version not in versions]
    missing = missing_fields(live)
    verdict = health(live)
    problems = (
        (not verdict.is_current, f"is not established: {verdict.message}", f"kubectl describe crd {name}"),
        ("v1" not in versions, f"has {', '.join(versions)}, and not v1", "upgrade Flux, or remove it"),
        (bool(lost), f"has objects stored in {', '.join(lost)}, which it no longer has", "flux migrate"),
        (bool(missing), f"lacks {', '.join(missing)}", f"upgrade {part_of(live) or 'whoever brought it'}"),
    )
    for is_wrong, what, hint in problems:
        if is_wrong:
            return Check("definition", passed=False, message=f"{name} {what}", hint=hint)
    return Check("definition", passed=True, message=f"{name}/v1 (stored: {', '.join(stored)})")


def _access(namespace: str, server: ApiServer) -> Check:
    hint = "gitless install makes it anew"
    if server.read(SERVICE_ACCOUNTS, namespace, PULLER) is None:
        return Check("access", passed=False, message=f"ServiceAccount {namespace}/{PULLER} is missing", hint=hint)
    bound = [
        str((body.get("roleRef") or {}).get("name"))
        for kind, place in ((CLUSTER_ROLE_BINDINGS, None), (ROLE_BINDINGS, namespace))
        for body in server.list(kind, place, instance_selector(namespace)).items
        if _names_puller(body, namespace)
    ]
    # One for its own needs and one for its Lease, whatever else it may.
    own = [name for name in bound if name.startswith(PULLER)]
    needed = 2
    if len(own) < needed:
        return Check("access", passed=False, message=f"{namespace}/{PULLER} is bound to {own or 'no role'}", hint=hint)
    return Check("access", passed=True, message=f"{namespace}/{PULLER} is bound to {', '.join(sorted(bound))}")


def _names_puller(binding: Mapping[str, Any], namespace: str) -> bool:
    return any(
        subject.get("name") == PULLER and subject.get("namespace") == namespace
        for subject in binding.get("subjects") or ()
    )


def _puller(namespace: str, server: ApiServer, clock: Clock) -> Check:
    live = server.read(DEPLOYMENTS, namespace, PULLER)
    if live is None:
        return Check(
            "puller",
            passed=False,
            message=f"Deployment {namespace}/{PULLER} is missing",
            hint="gitless install; or name its namespace with -n",
        )
    verdict = health(live, now=clock.now())
    image = live["spec"]["template"]["spec"]["containers"][0].get("image")
    if verdict.is_current:
        return Check("puller", passed=True, message=f"Deployment {namespace}/{PULLER} is available ({image})")
    return Check(
        "puller",
        passed=False,
        message=f"Deployment {namespace}/{PULLER} is not available: {verdict.message} ({image})",
        hint=f"kubectl -n {namespace} describe pods -l app={PULLER}",
    )


def _version(namespace: str, version: str, server: ApiServer) -> Check:
    live = server.read(DEPLOYMENTS, namespace, PULLER)
    installed = str(((live or {}).get("metadata", {}).get("labels") or {}).get(VERSION) or "no version")
    if installed == f"v{version}":
        return Check("version", passed=True, message=f"the puller is of our own version, {installed}")
    return Check(
        "version",
        passed=False,
        message=f"the puller is of {installed}, and this is v{version}",
        hint="gitless install upgrades it; or use the gitless of its version",
    )


def _is_shard(namespace: str, server: ApiServer) -> bool:
    live = server.read(DEPLOYMENTS, namespace, PULLER)
    containers = live["spec"]["template"]["spec"]["containers"] if live else ()
    return any(argument.startswith(_SHARD) for container in containers for argument in container.get("args") or ())
