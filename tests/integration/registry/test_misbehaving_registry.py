"""What the transport makes of registries, proxies and networks that do not keep to the rules."""

from __future__ import annotations

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from pipeline.errors import ArtifactNotFoundError, PipelineError, RegistryError, TrustError
from pipeline.model.artifact.manifest import (
    MAX_MANIFEST_BYTES,
    OCI_INDEX,
    OCI_MANIFEST,
    Blob,
    Descriptor,
    sha256_digest,
)
from pipeline.model.artifact.reference import Repository
from pipeline.model.settings.connections import RegistryOptions
from tests.contract.registry.servers import Silent
from tests.integration.registry.conftest import Answer, Asked, Connect, FakeServer, Hurried
from tests.platform.certificates import Authority

MANIFEST = Blob(OCI_MANIFEST, b'{"schemaVersion":2}')
BLOB = Blob("application/octet-stream", b"the content")
FOUND = Answer(200, MANIFEST.content, {"Content-Type": OCI_MANIFEST})
BUSY = Answer(503)
REFERRER = Blob(
    OCI_MANIFEST,
    json.dumps({"artifactType": "application/x.test", "subject": {"digest": MANIFEST.descriptor.digest}}).encode(),
)


def read(registry: object) -> bytes:
    return registry.read_manifest(MANIFEST.descriptor.digest).content  # type: ignore[attr-defined,no-any-return]


def shown(error: PipelineError) -> str:
    return f"{error.message} {error.hint}"


# Retries


def test_passing_trouble_is_waited_out(fake: FakeServer, connect: Connect, clock: Hurried) -> None:
    fake.answers(BUSY, Answer(429), Answer(502), FOUND)

    assert read(connect(fake)) == MANIFEST.content
    assert len(clock.waits) == 3


def test_retry_after_is_obeyed_in_seconds_and_as_a_date(fake: FakeServer, connect: Connect, clock: Hurried) -> None:
    fake.answers(
        Answer(429, headers={"Retry-After": "2"}),
        Answer(503, headers={"Retry-After": "Tue, 14 Nov 2023 22:13:30 GMT"}),
        FOUND,
    )

    assert read(connect(fake)) == MANIFEST.content
    assert clock.waits == [2.0, 8.0]


def test_retry_after_an_hour_fails_at_once_and_says_so(fake: FakeServer, connect: Connect, clock: Hurried) -> None:
    fake.answers(Answer(429, headers={"Retry-After": "3600"}))

    with pytest.raises(RegistryError) as caught:
        read(connect(fake))
    assert "3600 s" in shown(caught.value)
    assert clock.waits == []


def test_lasting_trouble_ends_after_few_tries(fake: FakeServer, connect: Connect, clock: Hurried) -> None:
    fake.answers(BUSY)

    with pytest.raises(RegistryError, match="HTTP 503"):
        read(connect(fake))
    assert len(fake.asked) == 5
    assert sum(clock.waits) < 10


@pytest.mark.parametrize("status", [400, 403, 404, 409])
def test_final_answers_are_asked_for_once(fake: FakeServer, connect: Connect, status: int) -> None:
    fake.answers(Answer(status))

    with pytest.raises(RegistryError, match=f"HTTP {status}"):
        read(connect(fake))
    assert len(fake.asked) == 1


def test_reset_connection_is_tried_again(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(reset=True), Answer(reset=True), FOUND)

    assert read(connect(fake)) == MANIFEST.content


def test_connection_that_always_breaks_is_given_up(fake: FakeServer, connect: Connect, clock: Hurried) -> None:
    fake.answers(Answer(reset=True))

    with pytest.raises(RegistryError) as caught:
        read(connect(fake))
    assert caught.value.code == "registry.unreachable"
    assert len(fake.asked) == 3
    assert sum(clock.waits) < 2


def test_nobody_listening_says_so(fake: FakeServer, connect: Connect) -> None:
    registry = connect(fake)
    fake.stop()

    with pytest.raises(RegistryError, match="connection refused"):
        registry.resolve("v1")


def test_slow_registry_ends_in_a_time_limit(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(200, delay=3))

    with pytest.raises(RegistryError, match=r"no answer within 0\.3 s"):
        read(connect(fake, RegistryOptions(timeout=0.3)))
    assert len(fake.asked) == 1


# Content that is not what it should be


def test_manifest_with_other_content_is_refused(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(200, b'{"schemaVersion":3}', {"Docker-Content-Digest": MANIFEST.descriptor.digest}))

    with pytest.raises(TrustError, match=sha256_digest(b'{"schemaVersion":3}')):
        read(connect(fake))


def test_web_page_instead_of_a_manifest_is_refused(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(200, b"<html>log in to the wifi</html>", {"Content-Type": "text/html"}))

    with pytest.raises(TrustError):
        read(connect(fake))


def test_giant_manifest_is_not_read_to_its_end(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(200, b"x" * (MAX_MANIFEST_BYTES + 1)))

    with pytest.raises(RegistryError, match="larger than"):
        read(connect(fake))


def test_broken_off_manifest_is_tried_again(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(200, MANIFEST.content[:5], length=len(MANIFEST.content)), FOUND)

    assert read(connect(fake)) == MANIFEST.content


@pytest.mark.parametrize("body", [b"the c0ntent", b"the con", b"the content and more", b""])
def test_blob_with_other_content_is_refused(fake: FakeServer, connect: Connect, body: bytes) -> None:
    fake.answers(Answer(200, body))

    with pytest.raises(TrustError, match=BLOB.descriptor.digest):
        b"".join(connect(fake).read_blob(BLOB.descriptor))


def test_endless_blob_is_stopped_at_its_size(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(200, b"x" * 5_000_000))
    chunks: list[bytes] = []

    with pytest.raises(TrustError, match="more than 11 bytes"):
        chunks.extend(connect(fake).read_blob(BLOB.descriptor))
    assert chunks == []


def test_broken_off_blob_is_an_error_of_the_registry(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(200, BLOB.content[:4], length=len(BLOB.content)))

    with pytest.raises(RegistryError, match="broke"):
        b"".join(connect(fake).read_blob(BLOB.descriptor))


def test_registry_that_stores_another_digest_is_refused(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(201, headers={"Docker-Content-Digest": "sha256:" + "0" * 64}))

    with pytest.raises(TrustError, match="says it stored"):
        connect(fake).write_manifest(MANIFEST, "v1")


def test_tag_without_digest_header_is_read_and_hashed(fake: FakeServer, connect: Connect) -> None:
    fake.answers(FOUND)

    found = connect(fake).resolve("v1")

    assert (found.digest, found.size) == (MANIFEST.descriptor.digest, len(MANIFEST.content))
    assert [asked.method for asked in fake.asked] == ["HEAD", "GET"]


def test_manifests_are_asked_for_with_all_four_types_and_uncompressed(fake: FakeServer, connect: Connect) -> None:
    fake.answers(FOUND)
    read(connect(fake))

    accept = fake.asked[0].headers["Accept"]
    assert all(
        kind in accept for kind in ("oci.image.manifest.v1", "oci.image.index.v1", "manifest.v2", "manifest.list.v2")
    )
    assert fake.asked[0].headers["Accept-Encoding"] == "identity"
    assert fake.asked[0].headers["User-Agent"].startswith("gitless/")


# Lists


def test_pages_are_followed_and_tags_sorted(fake: FakeServer, connect: Connect) -> None:
    def script(asked: Asked) -> Answer:
        if "last" in asked.query:
            return Answer(200, b'{"tags": ["a", "b"]}')
        return Answer(200, b'{"tags": ["c", "b"]}', {"Link": '</v2/team/app/tags/list?last=c&n=2>; rel="next"'})

    fake.script = script

    assert connect(fake).tags() == ("a", "b", "c")


def test_page_that_leads_to_itself_is_an_error(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(200, b'{"tags": ["a"]}', {"Link": '<?last=a>; rel="next"'}))

    with pytest.raises(RegistryError, match="do not end"):
        connect(fake).tags()
    assert len(fake.asked) == 2


def test_pages_without_end_are_an_error(fake: FakeServer, connect: Connect) -> None:
    numbers = count()
    fake.script = lambda asked: Answer(200, b'{"tags": []}', {"Link": f'<?last={next(numbers)}>; rel="next"'})

    with pytest.raises(RegistryError, match="do not end"):
        connect(fake).tags()


def test_page_on_another_host_is_not_followed(fake: FakeServer, elsewhere: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(200, b'{"tags": []}', {"Link": f'<{elsewhere.url}/v2/x>; rel="next"'}))

    with pytest.raises(RegistryError, match="another host"):
        connect(fake).tags()
    assert elsewhere.asked == []


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"tags": {"a": 1}}', b'{"tags": [1]}', b"<html>"])
def test_malformed_tag_list_is_an_error(fake: FakeServer, connect: Connect, body: bytes) -> None:
    fake.answers(Answer(200, body))

    with pytest.raises(RegistryError, match="'tags'"):
        connect(fake).tags()


def test_null_for_no_tags_is_none(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(200, b'{"name": "team/app", "tags": null}'))

    assert connect(fake).tags() == ()


def test_host_that_is_no_registry_is_not_an_empty_one(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(404, b"<html>nothing here</html>"))

    with pytest.raises(ArtifactNotFoundError) as caught:
        connect(fake).tags()
    assert "web page" in str(caught.value.hint)


@pytest.mark.parametrize("is_endless", [False, True])
def test_a_multitude_of_referrers_is_neither_looked_into_nor_kept(
    fake: FakeServer,
    connect: Connect,
    is_endless: bool,  # noqa: FBT001 - a parameter
) -> None:
    pages = count()

    def script(asked: Asked) -> Answer:
        first = next(pages) * 5000
        listed = [
            {"mediaType": OCI_MANIFEST, "digest": f"sha256:{number:064x}", "size": 1}
            for number in range(first, first + 5000)
        ]
        link = {"Link": f'<?page={first}>; rel="next"'} if is_endless else {}
        return Answer(200, json.dumps({"manifests": listed}).encode(), {"Content-Type": OCI_INDEX, **link})

    fake.script = script
    registry = connect(fake)

    if is_endless:
        with pytest.raises(RegistryError, match="there are more than 20000"):
            registry.referrers(MANIFEST.descriptor.digest)
    else:
        assert len(registry.referrers(MANIFEST.descriptor.digest)) == 5000
    assert len(fake.asked) == (5 if is_endless else 1)


def test_referrers_pages_are_joined_and_doubtful_types_completed(fake: FakeServer, connect: Connect) -> None:
    entry = {"mediaType": OCI_MANIFEST, "digest": REFERRER.descriptor.digest, "size": len(REFERRER.content)}
    other = {**entry, "digest": "sha256:" + "1" * 64, "artifactType": "application/x.other"}

    def script(asked: Asked) -> Answer:
        if "/manifests/" in asked.path:
            return Answer(200, REFERRER.content, {"Content-Type": OCI_MANIFEST})
        page = {"manifests": [other] if asked.query else [{**entry, "artifactType": "application/x.config.v1+json"}]}
        link = {} if asked.query else {"Link": '<?page=2>; rel="next"'}
        return Answer(200, json.dumps(page).encode(), {"Content-Type": OCI_INDEX, **link})

    fake.script = script

    found = connect(fake).referrers(MANIFEST.descriptor.digest)

    assert [descriptor.artifact_type for descriptor in found] == ["application/x.test", "application/x.other"]


@pytest.mark.parametrize("status", [400, 404, 405, 406, 501])
def test_fallback_tag_is_read_where_there_is_no_referrers_api(fake: FakeServer, connect: Connect, status: int) -> None:
    entry = {"mediaType": OCI_MANIFEST, "digest": "sha256:" + "1" * 64, "size": 1, "artifactType": "application/x"}
    tag = MANIFEST.descriptor.digest.replace(":", "-")
    fake.script = lambda asked: (
        Answer(200, json.dumps({"manifests": [entry]}).encode(), {"Content-Type": OCI_INDEX})
        if asked.path.endswith(f"/manifests/{tag}")
        else Answer(status)
    )

    assert [found.digest for found in connect(fake).referrers(MANIFEST.descriptor.digest)] == [entry["digest"]]


def test_registry_that_keeps_referrers_gets_no_fallback_tag(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(201, headers={"OCI-Subject": MANIFEST.descriptor.digest}))
    connect(fake).write_manifest(REFERRER)

    assert len(fake.asked) == 1


class FallbackStore:
    """A registry with one tag, whose first writes are overwritten by somebody else."""

    def __init__(self, overwritten: int) -> None:
        self.index = b""
        self.overwritten = overwritten

    def __call__(self, asked: Asked) -> Answer:
        if "/manifests/sha256-" not in asked.path:
            return Answer(201) if asked.method == "PUT" else Answer(404)
        if asked.method == "PUT":
            other = {"mediaType": OCI_MANIFEST, "digest": "sha256:" + "1" * 64, "size": 1}
            lost = self.overwritten > 0
            self.overwritten -= 1
            self.index = json.dumps({"manifests": [other]}).encode() if lost else asked.body
            return Answer(201)
        return Answer(200, self.index, {"Content-Type": OCI_INDEX}) if self.index else Answer(404)


def test_referrer_that_another_writer_dropped_is_added_again(fake: FakeServer, connect: Connect) -> None:
    store = FallbackStore(overwritten=1)
    fake.script = store
    connect(fake).write_manifest(REFERRER)

    digests = [entry["digest"] for entry in json.loads(store.index)["manifests"]]
    assert digests == ["sha256:" + "1" * 64, REFERRER.descriptor.digest]


def test_referrer_that_is_always_dropped_is_an_error(fake: FakeServer, connect: Connect) -> None:
    fake.script = FallbackStore(overwritten=99)

    with pytest.raises(RegistryError, match="keep writing"):
        connect(fake).write_manifest(REFERRER)


# Uploads


class UploadStore:
    """Takes uploads; ``refuse`` scripts what the first PUTs (or any PATCH) get instead."""

    def __init__(self, location: str, *refuse: Answer) -> None:
        self.location = location
        self.refuse = list(refuse)
        self.blobs: list[bytes] = []
        self.patched = b""

    def __call__(self, asked: Asked) -> Answer:
        if asked.method == "POST":
            return Answer(202, headers={"Location": self.location})
        if asked.method == "PATCH":
            self.patched += asked.body
            return Answer(202, headers={"Location": self.location})
        if asked.method == "PUT":
            if self.refuse:
                return self.refuse.pop(0)
            self.blobs.append(asked.body or self.patched)
            return Answer(201)
        return Answer(404)


def write(registry: object, blob: Blob = BLOB) -> bool:
    return registry.write_blob(blob.descriptor, lambda: [blob.content[:4], blob.content[4:]])  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("prefix", ["", "absolute"])
def test_upload_goes_where_the_registry_says_with_its_query(fake: FakeServer, connect: Connect, prefix: str) -> None:
    store = UploadStore((fake.url if prefix else "") + "/v2/uploads/7?_state=a%2Bb%3D%3D&empty=")
    fake.script = store

    assert write(connect(fake)) is True
    put = fake.asked[-1]
    assert store.blobs == [BLOB.content]
    assert put.query["_state"] == ["a+b=="]
    assert put.query["digest"] == [BLOB.descriptor.digest]
    assert put.headers["Content-Length"] == str(len(BLOB.content))


@pytest.mark.parametrize("trouble", [Answer(503), Answer(500), Answer(404), Answer(reset=True)])
def test_broken_upload_is_begun_anew(fake: FakeServer, connect: Connect, trouble: Answer) -> None:
    store = UploadStore("/v2/uploads/7", trouble)
    fake.script = store

    assert write(connect(fake)) is True
    assert store.blobs == [BLOB.content]
    assert [asked.method for asked in fake.asked] == ["HEAD", "POST", "PUT", "POST", "PUT"]


def test_refused_upload_says_why_and_is_not_repeated(fake: FakeServer, connect: Connect) -> None:
    body = json.dumps({"errors": [{"code": "DIGEST_INVALID", "message": "not that digest"}]}).encode()
    fake.script = UploadStore("/v2/uploads/7", Answer(400, body))

    with pytest.raises(RegistryError, match="DIGEST_INVALID: not that digest"):
        write(connect(fake))
    assert [asked.method for asked in fake.asked] == ["HEAD", "POST", "PUT"]


def test_blob_too_large_for_one_piece_goes_in_chunks(fake: FakeServer, connect: Connect) -> None:
    store = UploadStore("/v2/uploads/7?x=1", Answer(413))
    fake.script = store
    big = Blob("application/octet-stream", b"0123456789abcdef" * (9 * 1024 * 1024 // 16))

    assert write(connect(fake), big) is True
    assert store.blobs == [big.content]
    patches = [asked.headers["Content-Range"] for asked in fake.asked if asked.method == "PATCH"]
    assert patches == [f"0-{8 * 1024 * 1024 - 1}", f"{8 * 1024 * 1024}-{9 * 1024 * 1024 - 1}"]


@pytest.mark.parametrize("content", [[b"the conten"], [b"the content", b"!"], []])
def test_content_that_changes_while_it_is_sent_is_an_error(
    fake: FakeServer, connect: Connect, content: list[bytes]
) -> None:
    fake.script = UploadStore("/v2/uploads/7")

    with pytest.raises(RegistryError, match="changed while it was sent"):
        connect(fake, RegistryOptions(timeout=1)).write_blob(BLOB.descriptor, lambda: content)


def test_unreadable_content_is_not_blamed_on_the_network(fake: FakeServer, connect: Connect) -> None:
    fake.script = UploadStore("/v2/uploads/7")

    def content() -> Iterable[bytes]:
        raise PermissionError(13, "Permission denied")

    with pytest.raises(RegistryError, match="cannot read what is to be uploaded: Permission denied"):
        connect(fake, RegistryOptions(timeout=1)).write_blob(BLOB.descriptor, content)


def test_registry_without_upload_location_is_an_error(fake: FakeServer, connect: Connect) -> None:
    fake.script = lambda asked: Answer(202 if asked.method == "POST" else 404)

    with pytest.raises(RegistryError, match="where to upload"):
        write(connect(fake))


def test_mount_that_becomes_an_upload_is_cancelled(fake: FakeServer, connect: Connect) -> None:
    fake.script = lambda asked: (
        Answer(202, headers={"Location": "/v2/uploads/7"}) if asked.method == "POST" else Answer(204)
    )

    assert connect(fake).mount_blob(BLOB.descriptor, Repository(fake.address, "team/source")) is False
    assert fake.lines == ["POST /v2/team/app/blobs/uploads/", "DELETE /v2/uploads/7"]
    assert fake.asked[0].query == {"mount": [BLOB.descriptor.digest], "from": ["team/source"]}


@pytest.mark.parametrize("status", [401, 403, 404, 405])
def test_mount_that_is_refused_was_not_done(fake: FakeServer, connect: Connect, status: int) -> None:
    fake.answers(Answer(status))

    assert connect(fake).mount_blob(BLOB.descriptor, Repository(fake.address, "team/source")) is False


def test_nothing_is_mounted_from_another_registry(fake: FakeServer, connect: Connect) -> None:
    assert connect(fake).mount_blob(BLOB.descriptor, Repository("other.test", "team/source")) is False
    assert connect(fake).mount_blob(BLOB.descriptor, Repository("", "layout")) is False
    assert fake.asked == []


# Redirects


def test_blob_is_fetched_from_where_the_registry_redirects(
    fake: FakeServer, elsewhere: FakeServer, connect: Connect, reporter: Silent
) -> None:
    fake.answers(Answer(307, headers={"Location": f"{elsewhere.url}/store/x?X-Amz-Signature=signature-secret"}))
    elsewhere.answers(Answer(200, BLOB.content))

    assert b"".join(connect(fake).read_blob(BLOB.descriptor)) == BLOB.content
    assert elsewhere.asked[0].query == {"X-Amz-Signature": ["signature-secret"]}
    assert "signature-secret" not in "\n".join(reporter.details)
    assert len(reporter.details) == 2


def test_storage_that_refuses_is_not_quoted(fake: FakeServer, elsewhere: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(307, headers={"Location": f"{elsewhere.url}/store/x?X-Amz-Signature=signature-secret"}))
    elsewhere.answers(Answer(403, b"you sent signature-secret"))

    with pytest.raises(RegistryError, match="HTTP 403") as caught:
        b"".join(connect(fake).read_blob(BLOB.descriptor))
    assert "signature-secret" not in shown(caught.value)


def test_redirects_in_a_circle_end(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(307, headers={"Location": "/again"}))

    with pytest.raises(RegistryError, match="redirects"):
        b"".join(connect(fake).read_blob(BLOB.descriptor))
    assert len(fake.asked) < 10


def test_redirect_to_a_file_is_not_followed(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(307, headers={"Location": "file:///etc/passwd"}))

    with pytest.raises(RegistryError, match="no HTTP address"):
        b"".join(connect(fake).read_blob(BLOB.descriptor))


def test_upload_is_not_redirected_to_another_host(fake: FakeServer, elsewhere: FakeServer, connect: Connect) -> None:
    fake.script = lambda asked: (
        Answer(307, headers={"Location": elsewhere.url}) if asked.method == "PUT" else Answer(404)
    )

    with pytest.raises(RegistryError, match="an upload to another place"):
        connect(fake).write_manifest(MANIFEST, "v1")
    assert elsewhere.asked == []


# The rest


def test_registrys_answer_that_it_wants_https_gives_a_hint(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(400, b"Client sent an HTTP request to an HTTPS server.\n"))

    with pytest.raises(RegistryError) as caught:
        read(connect(fake))
    assert "--ca-file" in str(caught.value.hint)


def test_plain_registry_spoken_to_in_tls_gives_a_hint(fake: FakeServer, connect: Connect, tmp_path: Path) -> None:
    # Naming an authority asks for TLS on loopback.
    options = RegistryOptions(timeout=10, ca_file=str(Authority.create(tmp_path).certificate_file))

    with pytest.raises(RegistryError) as caught:
        connect(fake, options).resolve("v1")
    assert "--plain-http" in str(caught.value.hint)


def test_proxy_of_the_environment_is_used(fake: FakeServer, reporter: Silent, clock: Hurried) -> None:
    from pipeline.registries.oci import connect

    fake.answers(FOUND)
    registry = connect(
        Repository("registry.test", "team/app"),
        RegistryOptions(plain_http=True, timeout=10),
        {"HTTP_PROXY": f"http://user:proxy-secret@{fake.address}"},
        reporter,
        clock=clock,
    )

    assert read(registry) == MANIFEST.content
    assert fake.asked[0].headers["Host"] == "registry.test"
    assert fake.asked[0].headers["Proxy-Authorization"].startswith("Basic ")


def test_broken_proxy_is_named_without_its_password(fake: FakeServer, reporter: Silent, clock: Hurried) -> None:
    from pipeline.registries.oci import connect

    fake.stop()
    registry = connect(
        Repository("registry.test", "team/app"),
        RegistryOptions(timeout=10),
        {"HTTPS_PROXY": f"http://user:proxy-secret@{fake.address}"},
        reporter,
        clock=clock,
    )

    with pytest.raises(RegistryError, match="proxy") as caught:
        registry.resolve("v1")
    assert "proxy-secret" not in shown(caught.value) + "\n".join(reporter.details)


def test_detail_lines_name_method_url_status_and_time(fake: FakeServer, connect: Connect, reporter: Silent) -> None:
    fake.answers(FOUND)
    read(connect(fake))

    (line,) = reporter.details
    assert line.startswith(f"GET {fake.url}/v2/team/app/manifests/{MANIFEST.descriptor.digest} 200 in ")
    assert line.endswith(" ms")


def test_one_registry_serves_many_threads(fake: FakeServer, connect: Connect) -> None:
    fake.answers(FOUND)
    registry = connect(fake)

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: read(registry), range(64))) == {MANIFEST.content}


def test_sub_folders_with_dots_stay_in_the_repository(fake: FakeServer, connect: Connect, reporter: Silent) -> None:
    from pipeline.registries.oci import connect as connect_to

    fake.answers(FOUND)
    read(connect_to(Repository(fake.address, "a.b/c.d/e"), RegistryOptions(), {}, reporter))

    assert fake.asked[0].path.startswith("/v2/a.b/c.d/e/manifests/")


def test_descriptor_of_a_written_manifest_is_ours(fake: FakeServer, connect: Connect) -> None:
    fake.answers(Answer(201))

    assert connect(fake).write_manifest(MANIFEST, "v1") == Descriptor(
        OCI_MANIFEST, MANIFEST.descriptor.digest, len(MANIFEST.content)
    )
    assert (fake.asked[0].body, fake.asked[0].headers["Content-Type"]) == (MANIFEST.content, OCI_MANIFEST)
