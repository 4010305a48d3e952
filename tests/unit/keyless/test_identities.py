from __future__ import annotations

import pytest
from cryptography import x509

from pipeline.errors import TrustError
from pipeline.signers.keyless.certificates import identity_of, read_certificate
from tests.unit.keyless.certificates import ISSUER, SUBJECT, certificate, utf8


def test_subject_issuer_and_claims_have_fulcios_names() -> None:
    long = "https://ci.test/" + "a" * 300
    made = certificate(
        {
            "1": ISSUER.encode(),
            "8": utf8(ISSUER),
            "2": b"push",
            "5": b"acme/shop",
            "12": utf8("https://git.test/acme/shop"),
            "20": utf8("push"),
            "21": utf8(long),
        }
    )

    found = identity_of(made)

    assert (found.subject, found.issuer) == (SUBJECT, ISSUER)
    assert found.claims == {
        "githubWorkflowTrigger": "push",
        "githubWorkflowRepository": "acme/shop",
        "sourceRepositoryURI": "https://git.test/acme/shop",
        "buildTrigger": "push",
        "runInvocationURI": long,
    }


@pytest.mark.parametrize(
    ("name", "subject"),
    [
        (x509.RFC822Name("me@example.test"), "me@example.test"),
        (x509.UniformResourceIdentifier("spiffe://a.test/b"), "spiffe://a.test/b"),
        (x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.7"), utf8("me!a.test")), "me!a.test"),
    ],
)
def test_every_kind_of_subject_that_fulcio_writes_is_read(name: x509.GeneralName, subject: str) -> None:
    assert identity_of(certificate(names=[name])).subject == subject


def test_the_older_issuer_extension_alone_is_enough() -> None:
    assert identity_of(certificate({"1": ISSUER.encode()})).issuer == ISSUER


@pytest.mark.parametrize(
    ("extensions", "message"),
    [
        ({}, "does not say clearly which identity provider"),
        ({"1": b"https://other.test", "8": utf8(ISSUER)}, "does not say clearly which identity provider"),
        ({"8": ISSUER.encode()}, "no UTF8String"),
        ({"8": b""}, "no UTF8String"),
        ({"8": utf8(ISSUER) + b"!"}, "no UTF8String"),
        ({"8": b"\x0c\x84\xff\xff\xff\xff"}, "no UTF8String"),
        ({"8": b"\x0c\x80"}, "no UTF8String"),
        ({"8": utf8("")}, "does not say clearly"),
        ({"8": b"\x0c\x01\xff"}, "not UTF-8"),
        ({"1": b"\xff"}, "not UTF-8"),
    ],
)
def test_an_issuer_that_is_not_clear_is_refused(extensions: dict[str, bytes], message: str) -> None:
    with pytest.raises(TrustError, match=message):
        identity_of(certificate(extensions))


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "names 0 subjects"),
        ([x509.RFC822Name("a@b.test"), x509.RFC822Name("c@d.test")], "names 2 subjects"),
        ([x509.DNSName("a.test")], "neither a URI nor an address"),
        ([x509.OtherName(x509.ObjectIdentifier("1.2.3"), utf8("me"))], "neither a URI nor an address"),
    ],
)
def test_a_subject_that_is_not_clear_is_refused(names: list[x509.GeneralName], message: str) -> None:
    with pytest.raises(TrustError, match=message):
        identity_of(certificate(names=names))


@pytest.mark.parametrize("der", [b"", b"\x30\x00", b"\x30\x82\xff\xff" + b"\x00" * 100])
def test_what_is_no_certificate_is_a_trust_error(der: bytes) -> None:
    with pytest.raises(TrustError, match="cannot be read"):
        read_certificate(der)
