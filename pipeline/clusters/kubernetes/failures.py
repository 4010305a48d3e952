"""From the API server's Status to one error for the person who reads it.

Status documents: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md
Their messages may echo values, so of Secrets only field names are passed on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.clusters.kubernetes.requests import APPLY, Request
from pipeline.errors import ClusterError, FieldConflictError, ImmutableFieldError, PipelineError, StaleError

_MESSAGE_LIMIT = 500
_CAUSES_SHOWN = 10
_TEMPORARY = frozenset({429, 502, 503, 504})
_NOT_PARSED = ("failed to create typed patch object", "failed to convert new object", "unable to convert")
"""What the server answers with status 500 though the object is to blame."""

_IMMUTABLE = re.compile(
    r"\bimmutable\b|\bmay not (?:be changed|change\b)|\bcan(?:not|'t| not) (?:be changed|change|be unset|be updated)"
    r"|\bupdates to .{1,80}? (?:are forbidden|for fields other than)|pod updates may not change fields",
    re.IGNORECASE,
)
_TOO_LARGE = re.compile(r"too large|Too long: may not be more than 1048576", re.IGNORECASE)
_DENIED = re.compile(r'User "(?P<user>[^"]*)" cannot (?P<verb>\w+) (?:resource|path) "(?P<resource>[^"]*)"')
_MANAGER = re.compile(r'conflict with "((?:[^"\\]|\\.)*)"')
_WEBHOOK = re.compile(r'(?:admission webhook|webhook) "([^"]+)"')
_UNKNOWN_FIELD = re.compile(r'(?:unknown|duplicate) field "(?:[^"\\]|\\.)*"|(\.[^\s:]+): field not declared in schema')
_GO_VALUE = re.compile(r"&value\.valueUnstructured\{Value:(.*?)\}")
_FIELD = re.compile(r"(?<![\w.])\.(?:data|stringData|metadata|type|immutable)[\w.\-\[\]=\"]*")


def status_of(content: bytes) -> Mapping[str, Any]:
    """The Status in an answer; a plain text answer becomes its message."""
    try:
        document = json.loads(content)
    except ValueError:
        return {"message": content[:_MESSAGE_LIMIT].decode(errors="replace").strip()}
    return document if isinstance(document, dict) else {"message": ""}


def is_temporary(request: Request, status: int, content: bytes) -> bool:
    """Whether the same request may well succeed a moment later."""
    if status in _TEMPORARY:
        return True
    message = _message(status_of(content)) if status in {409, 500} else ""
    if status == 500:  # noqa: PLR2004 - RFC 9110
        return not message.startswith(_NOT_PARSED) and not _TOO_LARGE.search(message)
    # Somebody else wrote at the same time, such as admission updating a quota. Fields that others own stay owned, and
    # what is written under a resource version is meant to fail.
    return status == 409 and is_overtaken(message) and request.content_type == APPLY and not request.is_guarded  # noqa: PLR2004


def is_overtaken(message: str) -> bool:
    """Whether the server says that the object has another version than the one that was to be changed."""
    return message.startswith("Operation cannot be fulfilled")


def needs_no_deletion(content: bytes) -> bool:
    """Whether a deletion is refused because another object has the name now, or because it is under way."""
    message = _message(status_of(content))
    return "UID in the precondition" in message or "ensuring all content is removed" in message


def failure(request: Request, status: int, content: bytes) -> PipelineError:
    """The error for an answer that is not a success."""
    document = status_of(content)
    message = _message(document)
    details = document.get("details") or {}
    causes: Sequence[Mapping[str, Any]] = details.get("causes") or ()
    reason = document.get("reason", "")
    conflict = _conflict(request, causes) if status == 409 else None  # noqa: PLR2004 - RFC 9110
    if conflict is not None:
        return conflict
    if status == 413 or _TOO_LARGE.search(message):  # noqa: PLR2004 - RFC 9110
        return _too_large(request)
    if status == 422:  # noqa: PLR2004 - RFC 9110
        return _invalid(request, message, causes)
    if status == 404:  # noqa: PLR2004 - RFC 9110
        return _absent(request, message, details)
    denied = _DENIED.search(message) if status == 403 else None  # noqa: PLR2004 - RFC 9110
    if denied:
        return _denied(request, message, denied)
    if any(cause.get("reason") == "NamespaceTerminating" for cause in causes):
        return ClusterError(
            f"{request.subject}: its namespace is being deleted",
            hint="wait until it is gone",
            code="cluster.namespace-missing",
        )
    if status == 400 or message.startswith(_NOT_PARSED):  # noqa: PLR2004 - RFC 9110
        return _malformed(request, message)
    text = _told(request, message) or f"HTTP {status} {reason}".strip()
    code = "cluster.conflict" if status == 409 else "cluster.rejected" if status < 500 else "cluster.failed"  # noqa: PLR2004
    return ClusterError(f"{request.subject}: {text}", code=code)


def _conflict(request: Request, causes: Sequence[Mapping[str, Any]]) -> PipelineError | None:
    if not any(cause.get("reason") == "FieldManagerConflict" for cause in causes):
        stale = StaleError(f"{request.subject} has changed since it was read, or is gone", hint="read it again")
        return stale if request.is_guarded else None
    pairs = []
    for cause in causes:
        manager = _MANAGER.search(str(cause.get("message", "")))
        pairs.append((manager[1].replace('\\"', '"') if manager else "another manager", str(cause.get("field", ""))))
    owners = ", ".join(sorted({manager for manager, _ in pairs}))
    fields = "1 field belongs" if len(pairs) == 1 else f"{len(pairs)} fields belong"
    shown = ", ".join(field for _, field in pairs[:_CAUSES_SHOWN])
    return FieldConflictError(
        f"{request.subject}: {fields} to {owners}: {shown}",
        conflicts=tuple(pairs),
        hint="--force-conflicts takes these fields; or leave them out of the manifests",
    )


def _too_large(request: Request) -> ClusterError:
    return ClusterError(
        f"{request.subject} is too large: a ConfigMap or Secret may hold 1 MiB, any object about 1.5 MiB",
        hint="split it, or leave generated content out",
        code="cluster.too-large",
    )


def _invalid(request: Request, message: str, causes: Sequence[Mapping[str, Any]]) -> PipelineError:
    texts = [str(cause.get("message", "")) for cause in causes] or [message]
    named = [str(cause.get("field", "")) for cause in causes if cause.get("field") not in {None, "", "[]", "<nil>"}]
    fields = list(dict.fromkeys(named))
    # Recreating helps only where nothing else is wrong; otherwise the object would be gone and not come back.
    if all(_IMMUTABLE.search(text) for text in texts):
        what = ", ".join(fields) or _told(request, message) or "it"
        return ImmutableFieldError(
            f"{request.subject}: {what} cannot be changed on the live object",
            hint="--recreate deletes it and creates it anew",
        )
    if _is_secret(request):
        text = "the cluster does not accept " + (", ".join(fields) or "it")
    elif causes:
        pairs = [f"{cause.get('field', '')}: {cause.get('message', '')}".removeprefix(": ") for cause in causes]
        rest = [f"and {len(pairs) - _CAUSES_SHOWN} more"] if len(pairs) > _CAUSES_SHOWN else []
        text = "; ".join(_cut(pair) for pair in [*dict.fromkeys(pairs)][:_CAUSES_SHOWN] + rest)
    else:
        text = _told(request, message)
    return ClusterError(f"{request.subject} is invalid: {text}", code="cluster.invalid")


def _absent(request: Request, message: str, details: Mapping[str, Any]) -> ClusterError:
    if details.get("kind") == "namespaces" and not (request.object_id and request.object_id.kind == "Namespace"):
        return ClusterError(
            f"{request.subject}: namespace {details.get('name', '')} does not exist",
            hint="create it, or add it to the manifests",
            code="cluster.namespace-missing",
        )
    if details.get("name"):
        return ClusterError(f"{request.subject}: {_told(request, message)}", code="cluster.not-found")
    return kind_unknown(request.subject)


def kind_unknown(subject: str) -> ClusterError:
    """The cluster does not serve the object's kind."""
    return ClusterError(
        f"{subject}: the cluster does not serve this kind",
        hint="install its CustomResourceDefinition first, or correct apiVersion and kind",
        code="cluster.kind-unknown",
    )


def _denied(request: Request, message: str, match: re.Match[str]) -> ClusterError:
    found = re.search(r'in the namespace "([^"]*)"', message)
    namespace = f" in namespace {found[1]}" if found else ""
    group = re.search(r'in API group "([^"]+)"', message)
    resource = f"{match['resource']}.{group[1]}" if group else match["resource"]
    return ClusterError(
        f"{request.subject}: {match['user']} may not {match['verb']} {resource}{namespace}",
        hint="grant it by a Role and RoleBinding (or their Cluster kinds), or use another context",
        code="cluster.denied",
    )


def _malformed(request: Request, message: str) -> ClusterError:
    webhook = _WEBHOOK.search(message)
    if webhook is None:
        found = _UNKNOWN_FIELD.finditer(message)
        fields = [f'unknown field "{match[1]}"' if match[1] else match[0] for match in found]
        if fields:
            return ClusterError(f"{request.subject} is invalid: {', '.join(fields)}", code="cluster.invalid")
    code = "cluster.rejected" if webhook else "cluster.invalid"
    return ClusterError(f"{request.subject}: {_told(request, message)}", code=code)


def _told(request: Request, message: str) -> str:
    """The server's message as far as it may be shown."""
    if _is_secret(request):
        webhook = _WEBHOOK.search(message)
        if webhook:
            return f"admission webhook {webhook[1]} denied it (its message is hidden, this is a Secret)"
        if "illegal base64 data" in message:
            return "a value under data is not base64 (stringData takes plain text)"
        fields = ", ".join(dict.fromkeys(field.rstrip(".:") for field in _FIELD.findall(message)))
        return f"the cluster does not accept {fields or 'its content'} (the message is hidden, this is a Secret)"
    text = re.sub(r"^failed to create typed patch object \([^)]*\): ", "", message)
    return _cut(_GO_VALUE.sub(r"\1", text))


def _is_secret(request: Request) -> bool:
    object_id = request.object_id
    return object_id is not None and (object_id.group, object_id.kind) == ("", "Secret")


def _message(document: Mapping[str, Any]) -> str:
    message = document.get("message", "")
    return message if isinstance(message, str) else ""


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MESSAGE_LIMIT else line[: _MESSAGE_LIMIT - 1] + "…"
