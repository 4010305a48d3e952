"""The defaults of a Pod's spec, wherever it is written.

Source: k8s.io/kubernetes ``pkg/apis/core/v1/defaults.go``; the Kubernetes API reference.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_SWITCHES = ("hostNetwork", "hostPID", "hostIPC")
_CONTAINER_SWITCHES = ("stdin", "stdinOnce", "tty")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_PROBE = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_FILE_MODE = 0o644
_MODED = ("secret", "configMap", "projected", "downwardAPI")
_TOKEN_SECONDS = 3600


def with_defaults(content: Mapping[str, Any], **defaults: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON data
    """The content, and what it leaves out or has as null."""
    return {**content, **{key: value for key, value in defaults.items() if content.get(key) is None}}


def items(
    content: Mapping[str, Any], key: str, change: Callable[[Mapping[str, Any]], dict[str, Any]]
) -> dict[str, Any]:
    """The content with each element of one of its lists changed, if there is one."""
    found = content.get(key)
    return {**content, key: [change(each) for each in found]} if found else dict(content)


def held_pod_spec(spec: Mapping[str, Any], *, is_pod: bool = False) -> dict[str, Any]:
    """The spec with its defaults; ``is_pod``: of a Pod itself rather than of a template."""
    found = with_defaults(
        _without_off(spec, _SWITCHES),
        restartPolicy="Always",
        dnsPolicy="ClusterFirst",
        schedulerName="default-scheduler",
        terminationGracePeriodSeconds=30,
        securityContext={},
    )
    if is_pod:
        found = with_defaults(found, enableServiceLinks=True)
    if found.get("serviceAccountName"):
        found["serviceAccount"] = found["serviceAccountName"]
    on_host = is_pod and found.get("hostNetwork") is True
    for key in ("containers", "initContainers"):
        found = items(found, key, lambda each: _container(each, on_host=on_host, is_pod=is_pod))
    return items(found, "volumes", _volume)


def _container(container: Mapping[str, Any], *, on_host: bool, is_pod: bool) -> dict[str, Any]:
    found = with_defaults(
        _without_off(container, _CONTAINER_SWITCHES),
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy="Always" if _is_latest(str(container.get("image", ""))) else "IfNotPresent",
    )
    limits = found["resources"].get("limits")
    if is_pod and limits:
        requests = {**limits, **(found["resources"].get("requests") or {})}
        found["resources"] = {**found["resources"], "requests": requests}
    found = items(found, "ports", lambda port: _port(port, on_host=on_host))
    found = items(found, "env", _variable)
    found = items(found, "volumeMounts", lambda mount: _without_off(mount, ("readOnly",)))
    for name in _PROBES:
        if found.get(name):
            found[name] = _probe(found[name])
    if found.get("lifecycle"):
        found["lifecycle"] = {hook: _with_http(each) for hook, each in found["lifecycle"].items()}
    return found


def _is_latest(image: str) -> bool:
    """No tag is the tag ``latest``; a digest needs none."""
    name, at, _ = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return tag == "latest" or not (tag or at)


def _port(port: Mapping[str, Any], *, on_host: bool) -> dict[str, Any]:
    found = with_defaults(port, protocol="TCP")
    return with_defaults(found, hostPort=port.get("containerPort")) if on_host else found


def _variable(variable: Mapping[str, Any]) -> dict[str, Any]:
    source = variable.get("valueFrom") or {}
    if source.get("fieldRef"):
        return {**variable, "valueFrom": {**source, "fieldRef": with_defaults(source["fieldRef"], apiVersion="v1")}}
    return {key: value for key, value in variable.items() if (key, value) != ("value", "")}


def _probe(probe: Mapping[str, Any]) -> dict[str, Any]:
    found = with_defaults(_with_http(probe), **_PROBE)
    return {**found, "grpc": with_defaults(found["grpc"], service="")} if found.get("grpc") else found


def _with_http(handler: Mapping[str, Any]) -> dict[str, Any]:
    asked = handler.get("httpGet")
    return {**handler, "httpGet": with_defaults(asked, path="/", scheme="HTTP")} if asked else dict(handler)


def _volume(volume: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(volume)
    for kind in _MODED:
        if found.get(kind) is not None:
            found[kind] = with_defaults(found[kind], defaultMode=_FILE_MODE)
    if found.get("hostPath"):
        found["hostPath"] = with_defaults(found["hostPath"], type="")
    if found.get("downwardAPI"):
        found["downwardAPI"] = items(found["downwardAPI"], "items", _downward)
    if found.get("projected"):
        found["projected"] = items(found["projected"], "sources", _source)
    return found if len(found) > 1 else {**found, "emptyDir": {}}


def _source(source: Mapping[str, Any]) -> dict[str, Any]:
    if source.get("serviceAccountToken"):
        token = with_defaults(source["serviceAccountToken"], expirationSeconds=_TOKEN_SECONDS)
        return {**source, "serviceAccountToken": token}
    if source.get("downwardAPI"):
        return {**source, "downwardAPI": items(source["downwardAPI"], "items", _downward)}
    return dict(source)


def _downward(item: Mapping[str, Any]) -> dict[str, Any]:
    return (
        {**item, "fieldRef": with_defaults(item["fieldRef"], apiVersion="v1")} if item.get("fieldRef") else dict(item)
    )


def _without_off(content: Mapping[str, Any], switches: tuple[str, ...]) -> dict[str, Any]:
    """An API server does not keep a ``false`` of these."""
    return {key: value for key, value in content.items() if key not in switches or value is not False}
