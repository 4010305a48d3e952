"""Bringing blobs to a registry: taken over from another repository, in one piece, or in chunks where it must be.

Protocol: OCI distribution specification 1.1, "Pushing Blobs".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urljoin, urlsplit

from pipeline.errors import RegistryError, TrustError
from pipeline.model.artifact.manifest import Descriptor
from pipeline.registries.oci import failures
from pipeline.registries.oci.calls import Call
from pipeline.registries.oci.challenges import PULL, merge_scopes, repository_scope
from pipeline.registries.oci.endpoints import without_query
from pipeline.registries.oci.retries import Patience, is_worth_retrying

if TYPE_CHECKING:
    import requests

    from pipeline.registries.oci.transport import Transport

Content = Callable[[], Iterable[bytes]]

_CREATED = frozenset({201})
_ACCEPTED = frozenset({202})
_CHUNK = 8 * 1024 * 1024
_NOT_IN_ONE_PIECE = frozenset({405, 413, 501})
_SESSION_GONE = frozenset({404})
_CANNOT_MOUNT = frozenset({400, 401, 403, 404, 405, 501})
_DIGEST_HEADER = "Docker-Content-Digest"


def exists(transport: Transport, descriptor: Descriptor) -> bool:
    """Whether the blob is there. Asked with the right to push, so that the upload needs no second token."""
    response = transport.send(
        Call(
            method="HEAD",
            url=transport.url(transport.container.get_blob_url(descriptor.digest)),
            what=f"look for blob {descriptor.digest}",
            scopes=transport.push_scopes(),
            # An answer to HEAD cannot say what is wrong: the upload that follows will hear it.
            accepted=frozenset({200, 400, 404, 405}),
        )
    )
    return response.status_code == 200  # noqa: PLR2004 - HTTP's own number


def mount(transport: Transport, descriptor: Descriptor, source_path: str) -> bool:
    """Take the blob over from another repository of this registry; False where it was not done."""
    query = urlencode({"mount": descriptor.digest, "from": source_path})
    scopes = merge_scopes(transport.push_scopes(), repository_scope(source_path, PULL))
    what = f"take blob {descriptor.digest} over from {source_path}"
    place = transport.container.upload_blob_url()
    call = Call(
        method="POST",
        url=f"{transport.url(place)}?{query}",
        what=what,
        scopes=scopes,
        accepted=_CREATED | _ACCEPTED | _CANNOT_MOUNT,
        idempotent=False,
    )
    try:
        response = transport.send(call)
    except RegistryError as error:
        # The source may be closed to us where our own repository is open: that is no reason to fail.
        if error.code == "registry.denied":
            return False
        raise
    if response.status_code in _CREATED:
        compare_digest(transport, response, descriptor.digest)
        return True
    if response.status_code in _ACCEPTED:
        _cancel(transport, response)
    return False


def upload(transport: Transport, descriptor: Descriptor, content: Content) -> None:
    """Send the blob; a broken upload is begun anew, as its session's state is unknown.

    Raises:
        TrustError: the registry says that it stored another digest.
    """
    patience = Patience(transport.clock)
    while True:
        location = _begin(transport, descriptor)
        try:
            response = transport.send(_in_one_piece(transport, descriptor, content, location))
        except failures.LostConnectionError as lost:
            if lost.may_retry and patience.after_lost_connection():
                continue
            raise
        status = response.status_code
        if status in _CREATED:
            compare_digest(transport, response, descriptor.digest)
            return
        if status in _NOT_IN_ONE_PIECE:
            _in_chunks(transport, descriptor, content)
            return
        if (is_worth_retrying(status, idempotent=True) or status in _SESSION_GONE) and patience.after_status(
            transport.asked_to_wait(response)
        ):
            continue
        raise transport.refused(f"upload blob {descriptor.digest}", response)


def compare_digest(transport: Transport, response: requests.Response, digest: str) -> None:
    """Refuse a registry that says it stored something else.

    Raises:
        TrustError: it does.
    """
    theirs = response.headers.get(_DIGEST_HEADER)
    if theirs is not None and theirs != digest:
        raise TrustError(
            f"{transport.endpoint.host}: the registry says it stored {failures.cleaned(theirs)} "
            f"where {digest} was sent to {transport.endpoint.path}",
            hint="do not trust this registry, or what is between it and you",
        )


def _begin(transport: Transport, descriptor: Descriptor) -> str:
    response = transport.send(
        Call(
            method="POST",
            url=transport.url(transport.container.upload_blob_url()),
            what=f"begin to upload blob {descriptor.digest}",
            scopes=transport.push_scopes(),
            accepted=_ACCEPTED,
        )
    )
    return _location(transport, response)


def _location(transport: Transport, response: requests.Response) -> str:
    """Where the upload goes on: absolute or relative, its query kept as it is.

    A registry behind a proxy that ends TLS may call itself http; it is still reached the way we came.
    """
    header = response.headers.get("Location")
    if not header:
        raise RegistryError(f"{transport.endpoint.host}: the registry does not say where to upload to")
    target = urljoin(str(response.url), header)
    parts, ours = urlsplit(target), transport.endpoint
    if parts.scheme == "http" and ours.scheme == "https":
        if parts.netloc != ours.authority:
            raise RegistryError(
                f"{ours.host}: the registry sends the upload from HTTPS to plain HTTP ({without_query(target)})"
            )
        return parts._replace(scheme="https").geturl()
    return target


def _with_digest(location: str, digest: str) -> str:
    separator = "&" if urlsplit(location).query else "?"
    return f"{location}{separator}digest={quote(digest, safe='')}"


def _in_one_piece(transport: Transport, descriptor: Descriptor, content: Content, location: str) -> Call:
    return Call(
        method="PUT",
        url=_with_digest(location, descriptor.digest),
        what=f"upload blob {descriptor.digest}",
        scopes=transport.push_scopes(),
        headers={"Content-Type": "application/octet-stream"},
        content=content,
        size=descriptor.size,
        accepted=_CREATED | _NOT_IN_ONE_PIECE | _SESSION_GONE | frozenset({429, 500, 502, 503, 504}),
        retried=False,
    )


def _in_chunks(transport: Transport, descriptor: Descriptor, content: Content) -> None:
    location = _begin(transport, descriptor)
    what = f"upload blob {descriptor.digest} in chunks"
    sent = 0
    for chunk in _chunks(content):
        response = transport.send(_chunk_call(transport, location, chunk, sent, what))
        location = _location(transport, response)
        sent += len(chunk)
    response = transport.send(
        Call(
            method="PUT",
            url=_with_digest(location, descriptor.digest),
            what=what,
            scopes=transport.push_scopes(),
            accepted=_CREATED,
            retried=False,
        )
    )
    compare_digest(transport, response, descriptor.digest)


def _chunk_call(transport: Transport, location: str, chunk: bytes, sent: int, what: str) -> Call:
    return Call(
        method="PATCH",
        url=location,
        what=what,
        scopes=transport.push_scopes(),
        headers={"Content-Type": "application/octet-stream", "Content-Range": f"{sent}-{sent + len(chunk) - 1}"},
        content=lambda: (chunk,),
        size=len(chunk),
        accepted=_ACCEPTED,
        retried=False,
    )


def _chunks(content: Content) -> Iterator[bytes]:
    waiting = bytearray()
    for part in content():
        waiting += part
        while len(waiting) >= _CHUNK:
            yield bytes(waiting[:_CHUNK])
            del waiting[:_CHUNK]
    if waiting:
        yield bytes(waiting)


def _cancel(transport: Transport, response: requests.Response) -> None:
    """End a session that is not wanted; a registry that cannot lets it run out by itself."""
    try:
        transport.send(
            Call(
                method="DELETE",
                url=_location(transport, response),
                what="cancel an upload",
                scopes=transport.push_scopes(),
                retried=False,
            )
        )
    except RegistryError:
        return
