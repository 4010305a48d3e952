from __future__ import annotations

import json
import socket
import ssl

import pytest

from pipeline.errors import ArtifactNotFoundError, RegistryError
from pipeline.registries.oci.endpoints import Endpoint
from pipeline.registries.oci.failures import Answer, cleaned, refused, registry_errors, unreachable

ENDPOINT = Endpoint("https", "registry.test", "team/app", "registry.test")


def failure(status: int, body: bytes = b"", *, logged_in: bool = False, from_registry: bool = True) -> RegistryError:
    answer = Answer(status=status, body=body, from_registry=from_registry)
    return refused(ENDPOINT, "read it", answer, secrets=("hunter22",), logged_in=logged_in)


def test_registrys_own_words_are_quoted() -> None:
    body = json.dumps({"errors": [{"code": "NAME_INVALID", "message": "no such name"}]}).encode()

    assert (
        failure(400, body).message == "registry.test: cannot read it: HTTP 400 Bad Request (NAME_INVALID: no such name)"
    )


def test_foreign_text_is_one_short_line_without_secrets() -> None:
    text = "a\x1b[31m\n\u202eb hunter22 https://s3.test/x?X-Amz-Signature=abc " + "y" * 500

    shown = cleaned(text, ("hunter22",))

    assert "hunter22" not in shown
    assert "Signature" not in shown
    assert shown.isprintable()
    assert len(shown) < 210


@pytest.mark.parametrize("status", [401, 403])
def test_denial_has_its_own_code(status: int) -> None:
    assert (failure(status).code, failure(status).exit_code) == ("registry.denied", 5)


def test_denial_hints_at_logging_in_or_at_the_login() -> None:
    assert "docker login registry.test" in str(failure(401).hint)
    assert "does not accept this login" in str(failure(401, logged_in=True).hint)


def test_404_is_not_found() -> None:
    assert isinstance(failure(404), ArtifactNotFoundError)


def test_web_page_is_not_quoted_but_named() -> None:
    error = failure(404, b"<!DOCTYPE html><title>hello</title>")

    assert "hello" not in error.message
    assert "web page" in str(error.hint)


def test_storage_errors_are_not_quoted() -> None:
    error = failure(403, b"<Error><StringToSign>secret</StringToSign></Error>", from_registry=False)

    assert "secret" not in error.message
    assert error.code == "registry"


def test_status_that_http_does_not_know_is_still_reported() -> None:
    assert "HTTP 599" in failure(599).message
    assert "HTTP 0" in failure(0).message


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b'{"errors": 1}', b'{"errors": [1]}', b"\xff"])
def test_other_bodies_hold_no_registry_errors(body: bytes) -> None:
    assert registry_errors(body) == ()


def lost(error: BaseException) -> tuple[str, str, bool]:
    found = unreachable(ENDPOINT, "read it", error, 5, "registry.test")
    return found.message, found.hint or "", found.may_retry


def test_untrusted_certificate_hints_at_the_ca_file() -> None:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "unable to get local issuer certificate"

    message, hint, may_retry = lost(OSError(error))

    assert "unable to get local issuer certificate" in message
    assert "--ca-file" in hint
    assert not may_retry


def test_unknown_host_is_not_retried() -> None:
    message, _, may_retry = lost(OSError(socket.gaierror(-2, "Name or service not known")))

    assert "host name is unknown" in message
    assert not may_retry


def test_refused_connection_says_so() -> None:
    message, hint, may_retry = lost(ConnectionRefusedError(111, "Connection refused"))

    assert message.endswith("connection refused")
    assert "running" in hint
    assert may_retry
