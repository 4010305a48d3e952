"""What a rule requires, from a policy document."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.errors import ConfigurationError
from pipeline.model.trust.patterns import complaint
from pipeline.model.trust.policy import (
    AllOf,
    AnyOf,
    Attested,
    FromRegistry,
    Identity,
    Provenance,
    PublicKey,
    Requirement,
    SignedBy,
    Signers,
)
from pipeline.model.trust.policy_document import Entry
from pipeline.model.trust.predicate_types import accepted_types, short_name

ReadFile = Callable[[str], str]

_KINDS = ("allOf", "anyOf", "signature", "provenance", "sbom", "attestation", "registries")
_SIGNERS = ("keys", "identities")
_DEEPEST = 16
_SBOMS = {"any": ("cyclonedx", "spdx"), "cyclonedx": ("cyclonedx",), "spdx": ("spdx",)}


def read_keys(entry: Entry | None, read_file: ReadFile | None) -> tuple[PublicKey, ...]:
    """Public keys, each a file or PEM.

    Raises:
        PolicyDocumentError: one is neither, or a file where there are none.
    """
    found = (_key(item, read_file) for item in (entry.items() if entry else ()))
    return tuple({"".join(key.pem.split()): key for key in found}.values())


def _key(entry: Entry, read_file: ReadFile | None) -> PublicKey:
    text = entry.text()
    if "-----BEGIN" in text:
        if "PRIVATE KEY-----" in text:
            raise entry.error("is a private key", "whoever can read it can sign: make a new pair, and give its .pub")
        return PublicKey(text, f"the key {entry.place[-1]} of {entry.source}")
    if read_file is None:
        raise entry.error("is no key in PEM, and here there are no files", "write the PEM itself, as a block of text")
    return PublicKey(entry.file(read_file), text)


def read_identities(entry: Entry | None) -> tuple[Identity, ...]:
    """Keyless signers.

    Raises:
        PolicyDocumentError: one lacks the subject or the issuer, or has one of them twice.
    """
    return tuple(_identity(item) for item in (entry.items() if entry else ()))


def _identity(entry: Entry) -> Identity:
    fields = entry.fields(("subject", "subjectRegExp", "issuer", "issuerRegExp"))
    for name in ("subject", "issuer"):
        given = [key for key in (name, f"{name}RegExp") if key in fields]
        if not given:
            why = "anybody of that issuer" if name == "subject" else "anybody whom any issuer calls so"
            raise entry.error(f"has no {name}; expected {name} or {name}RegExp", f"without it {why} would be trusted")
        if len(given) > 1:
            raise entry.error(f"has both {name} and {name}RegExp; expected one of them")
    return Identity(
        subject=fields["subject"].text() if "subject" in fields else "",
        subject_regexp=fields["subjectRegExp"].regexp() if "subjectRegExp" in fields else "",
        issuer=fields["issuer"].text() if "issuer" in fields else "",
        issuer_regexp=fields["issuerRegExp"].regexp() if "issuerRegExp" in fields else "",
    )


def read_patterns(entry: Entry) -> tuple[str, ...]:
    """Patterns of repositories, at least one.

    Raises:
        PolicyDocumentError: one is no pattern.
    """
    for item in entry.some():
        if why := complaint(item.text()):
            raise item.error(f"{ascii(item.text())[:120]} {why}")
    return tuple(item.text() for item in entry.items())


@dataclass(frozen=True, slots=True)
class RequirementReader:
    """Reads requirements of one document, whose own signers count where a requirement names none."""

    signers: Signers
    read_file: ReadFile | None

    def read(self, entry: Entry, depth: int = 0) -> Requirement:
        """One requirement with all within it.

        Raises:
            PolicyDocumentError: it is none, or more than one.
        """
        fields = entry.fields(_KINDS)
        if len(fields) != 1:
            found = "has no requirement" if not fields else f"has {' and '.join(fields)} at once"
            raise entry.error(f"{found}; expected exactly one of {', '.join(_KINDS)}", "join several in an allOf")
        if depth > _DEEPEST:
            raise entry.error(f"is nested more than {_DEEPEST} deep")
        kind, inner = next(iter(fields.items()))
        if kind in {"allOf", "anyOf"}:
            parts = tuple(self.read(part, depth + 1) for part in inner.some())
            return AllOf(parts) if kind == "allOf" else AnyOf(parts)
        if kind == "registries":
            return FromRegistry(read_patterns(inner))
        if kind == "signature":
            return self._signature(inner)
        if kind == "provenance":
            return self._provenance(inner)
        return self._sbom(inner) if kind == "sbom" else self._attestation(inner)

    def _signature(self, entry: Entry) -> SignedBy:
        fields = entry.fields((*_SIGNERS, "count", "maxAge"))
        signers = self._signers(entry, fields)
        count = fields["count"].count() if "count" in fields else 1
        if not signers.identities and count > len(signers.keys):
            raise entry.error(
                f"asks for {count} different signers, but names {len(signers.keys)} key(s)",
                "nobody could ever satisfy it; the same key twice is one signer",
            )
        return SignedBy(signers, count, _max_age(fields))

    def _provenance(self, entry: Entry) -> Provenance:
        fields = entry.fields(
            (*_SIGNERS, "builder", "builderRegExp", "repository", "branch", "workflow", "where", "maxAge")
        )
        if "builder" in fields and "builderRegExp" in fields:
            raise entry.error("has both builder and builderRegExp; expected one of them")
        texts = {
            name: fields[name].text() for name in ("builder", "repository", "branch", "workflow") if name in fields
        }
        if "branch" in texts and "repository" not in texts:
            raise entry.error("has a branch without a repository", "anybody's repository has a branch of that name")
        return Provenance(
            signers=self._signers(entry, fields),
            builder_regexp=fields["builderRegExp"].regexp() if "builderRegExp" in fields else "",
            conditions=_conditions(fields),
            max_age=_max_age(fields),
            **texts,
        )

    def _sbom(self, entry: Entry) -> Attested:
        fields = entry.fields((*_SIGNERS, "format", "where", "maxAge"))
        wanted = fields["format"].choice(*_SBOMS) if "format" in fields else "any"
        types = tuple(uri for name in _SBOMS[wanted] for uri in accepted_types(name))
        named = {"cyclonedx": "CycloneDX", "spdx": "SPDX"}.get(wanted)
        name = f"an SBOM in {named}" if named else "an SBOM"
        return Attested(name, types, self._signers(entry, fields), _conditions(fields), _max_age(fields))

    def _attestation(self, entry: Entry) -> Attested:
        fields = entry.fields((*_SIGNERS, "type", "where", "maxAge"))
        if "type" not in fields:
            raise entry.error("has no type", "such as slsaprovenance1, vuln, test-result, or the predicate type's URI")
        written = fields["type"].text()
        try:
            types = accepted_types(written)
        except ConfigurationError as error:
            raise fields["type"].error(error.message, error.hint) from None
        name = f"an attestation of type {short_name(types[0])}"
        return Attested(name, types, self._signers(entry, fields), _conditions(fields), _max_age(fields))

    def _signers(self, entry: Entry, fields: dict[str, Entry]) -> Signers:
        for name in _SIGNERS:
            if name in fields:
                fields[name].some()
        own = Signers(read_keys(fields.get("keys"), self.read_file), read_identities(fields.get("identities")))
        if own or self.signers:
            return own or self.signers
        raise entry.error(
            "names no signer, and neither does the document",
            "give it keys or identities, or the whole document: an attestation that anybody may sign says nothing",
        )


def needs_signature(requirement: Requirement) -> bool:
    """Whether it cannot be satisfied without anybody's signature."""
    if isinstance(requirement, AllOf):
        return any(needs_signature(part) for part in requirement.parts)
    if isinstance(requirement, AnyOf):
        return all(needs_signature(part) for part in requirement.parts)
    return not isinstance(requirement, FromRegistry)


def _conditions(fields: dict[str, Entry]) -> tuple[str, ...]:
    if "where" not in fields:
        return ()
    if isinstance(fields["where"].value, str):
        return (fields["where"].text(),)
    return tuple(item.text() for item in fields["where"].some())


def _max_age(fields: dict[str, Entry]) -> float | None:
    return fields["maxAge"].duration() if "maxAge" in fields else None
