from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline import wiring
from pipeline.errors import ConfigurationError
from pipeline.model.settings.trust import TrustOptions
from pipeline.model.trust.policy import (
    AllOf,
    AnyOf,
    Attested,
    FromRegistry,
    Identity,
    Provenance,
    PublicKey,
    SignedBy,
    Signers,
    TrustedRoot,
    TrustPolicy,
)
from pipeline.model.trust.policy_reading import read_trust_policy
from pipeline.model.trust.predicate_types import CYCLONEDX, SLSA_PROVENANCE_V1, SPDX
from pipeline.trust_documents import load_trust_policy
from tests.unit.sign.support import private_key, public_pem

HEAD = "apiVersion: gitless.dev/v1\nkind: TrustPolicy\nspec:\n"
RELEASE = Identity(subject="https://ci.test/release", issuer="https://issuer.test")
NAMED = "{subject: 'https://ci.test/release', issuer: 'https://issuer.test'}"
KEY = PublicKey("pem of ours.pub", "ours.pub")


def read(text: str, *, with_files: bool = True) -> TrustPolicy:
    """A policy whose spec is the text, flow style."""
    document: Any = yaml.safe_load(f"{HEAD}  {text}")
    return read_trust_policy(document, source="p.yaml", read_file="pem of {}".format if with_files else None)


def required(text: str, keys: str = "[ours.pub]") -> Any:  # noqa: ANN401 - whichever requirement it is
    policy = read(f"{{keys: {keys}, rules: [{{name: r, artifacts: ['**'], require: {text}}}]}}")
    return policy.rules[0].requirement


def test_keys_and_identities_are_read() -> None:
    policy = read(f"{{keys: [ours.pub, ours.pub], identities: [{NAMED}]}}")

    assert (policy.keys, policy.identities, policy.source) == ((KEY,), (RELEASE,), "p.yaml")
    assert policy.requires_log


def test_each_requirement_is_read_with_the_documents_signers() -> None:
    ours = Signers((KEY,))

    assert required("{signature: {count: 1, maxAge: 720h}}") == SignedBy(ours, 1, 720 * 3600.0)
    assert required("{allOf: [{signature: {}}, {registries: [ghcr.io/acme/**]}]}") == AllOf(
        (SignedBy(ours), FromRegistry(("ghcr.io/acme/**",)))
    )
    assert required("{anyOf: [{signature: {}}, {sbom: {format: cyclonedx}}]}").parts[1].predicate_types[0] == CYCLONEDX
    assert isinstance(required("{anyOf: [{signature: {}}]}"), AnyOf)
    sbom = required("{sbom: {}}")
    assert {CYCLONEDX, SPDX, f"{SPDX}/v2.3"} <= set(sbom.predicate_types)
    assert required("{attestation: {type: slsaprovenance1, where: 'true'}}") == Attested(
        "an attestation of type slsaprovenance1", (SLSA_PROVENANCE_V1,), ours, ("true",)
    )
    assert required("{attestation: {type: 'https://acme.test/x', where: [a, b]}}").conditions == ("a", "b")
    assert required(
        "{provenance: {builder: b, repository: 'https://g.test/r', branch: main, workflow: w, maxAge: 1h}}"
    ) == Provenance(
        signers=ours, builder="b", repository="https://g.test/r", branch="main", workflow="w", max_age=3600.0
    )


def test_a_requirements_own_signers_count_instead() -> None:
    own = required(f"{{signature: {{identities: [{NAMED}]}}}}")

    assert own == SignedBy(Signers(identities=(RELEASE,)))


def test_roots_and_logs_are_read() -> None:
    inline = read("{keys: [ours.pub], trustedRoot: '{\"a\": 1}', transparencyLog: none}")
    assert (inline.trusted_root, inline.requires_log) == (TrustedRoot("trustedRoot of p.yaml", '{"a": 1}'), False)

    tuf = read("{keys: [ours.pub], tuf: {url: 'https://tuf.test', root: '{}'}}")
    assert tuf.trusted_root == TrustedRoot("https://tuf.test", tuf_url="https://tuf.test", tuf_root="{}")


@pytest.mark.parametrize("spec", ["{}", "{rules: []}", "{keys: []}", "{keys: [], identities: [], rules: []}"])
def test_an_empty_policy_is_one_that_trusts_nobody(spec: str) -> None:
    assert read(spec).is_empty


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ("[]", "'spec': is a list; expected a mapping"),
        ("", "'spec': is empty; expected a mapping"),
        ("{rule: []}", "'spec.rule': is an unknown key; did you mean 'rules'?"),
        ("{keys: ours.pub}", "'spec.keys': is a text ('ours.pub'); expected a list"),
        ("{keys: [1]}", "'spec.keys[0]': is a number (1); expected a text"),
        ("{keys: ['']}", "'spec.keys[0]': is a text (''); expected a text"),
        ("{keys: ['-----BEGIN PRIVATE KEY-----']}", "'spec.keys[0]': is a private key"),
        ("{identities: [{issuer: x}]}", "'spec.identities[0]': has no subject; expected subject or subjectRegExp"),
        ("{identities: [{subject: x}]}", "'spec.identities[0]': has no issuer"),
        ("{identities: [{subject: x, subjectRegExp: ^x$, issuer: y}]}", "has both subject and subjectRegExp"),
        ("{identities: [{subject: x, issuer: ''}]}", "'spec.identities[0].issuer': is a text ('')"),
        ("{identities: [{subjectRegExp: acme, issuer: y}]}", "'acme' must begin with ^ and end with $"),
        ("{identities: [{subjectRegExp: ^acme, issuer: y}]}", "must begin with ^ and end with $"),
        ("{identities: [{subjectRegExp: '^acme\\$', issuer: y}]}", "must begin with ^ and end with $"),
        ("{identities: [{subjectRegExp: '^a|b$', issuer: y}]}", "has alternatives outside of parentheses"),
        ("{transparencyLog: maybe}", "expected required or none"),
        ("{transparencyLog: false}", "'spec.transparencyLog': is a boolean (False); expected required or none"),
        ("{trustedRoot: '{x'}", "'spec.trustedRoot': trustedRoot of p.yaml is not valid JSON"),
        ("{tuf: {url: 'https://x'}}", "'spec.tuf': has no root"),
        ("{tuf: {url: x, root: '{}'}}", "'x' is no http:// or https:// URL"),
        ("{tuf: {url: x, root: '{}'}, trustedRoot: '{}'}", "stands beside trustedRoot"),
        ("{rules: {}}", "'spec.rules': is a mapping; expected a list"),
        ("{rules: [{}]}", "'spec.rules[0]': has no name"),
        ("{rules: [{name: a, artifacts: ['**']}]}", "'spec.rules[0]': has no require"),
    ],
)
def test_every_mistake_is_told_with_its_place(spec: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read(spec)

    assert error.value.message.startswith("p.yaml: ")
    assert told in error.value.message


@pytest.mark.parametrize(
    ("requirement", "told"),
    [
        ("{}", "'spec.rules[0].require': has no requirement; expected exactly one of"),
        ("{signature: {}, sbom: {}}", "has signature and sbom at once"),
        ("{signatures: {}}", "is an unknown key; did you mean 'signature'?"),
        ("{allOf: []}", "'spec.rules[0].require.allOf': the list is empty"),
        ("{anyOf: []}", "'spec.rules[0].require.anyOf': the list is empty"),
        ("{anyOf: [{signature: {count: 0}}]}", "require.anyOf[0].signature.count': is a number (0)"),
        ("{signature: {count: true}}", "is a boolean (True); expected a whole number"),
        ("{signature: {count: 2}}", "asks for 2 different signers, but names 1 key(s)"),
        ("{signature: {keys: []}}", "'spec.rules[0].require.signature.keys': the list is empty"),
        ("{signature: {maxAge: 30d}}", "'30d' is not a duration"),
        ("{signature: {maxAge: 0s}}", "is 0, and nothing is that young"),
        ("{sbom: {format: syft}}", "expected any or cyclonedx or spdx"),
        ("{sbom: {where: []}}", "'spec.rules[0].require.sbom.where': the list is empty"),
        ("{sbom: null}", "'spec.rules[0].require.sbom': is empty; expected a mapping"),
        ("{attestation: {}}", "has no type"),
        ("{attestation: {type: slsa}}", "'slsa' is no predicate type; expected a URI, or one of slsaprovenance1"),
        ("{provenance: {branch: main}}", "has a branch without a repository"),
        ("{provenance: {builder: x, builderRegExp: ^x$}}", "has both builder and builderRegExp"),
        ("{provenance: {builderRegExp: x}}", "must begin with ^ and end with $"),
        ("{registries: [ghcr.io/acme/**]}", "could be satisfied without anybody's signature"),
        ("{anyOf: [{signature: {}}, {registries: [ghcr.io/**]}]}", "could be satisfied without anybody's signature"),
        ("{allOf: [{registries: [ghcr.io/**]}]}", "could be satisfied without anybody's signature"),
        ("{allOf: [{signature: {}}, {registries: []}]}", "the list is empty"),
        ("{allOf: [{signature: {}}, {registries: [ghcr.io]}]}", "has no repository behind the host"),
    ],
)
def test_every_mistake_in_a_requirement_is_told_with_its_place(requirement: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        required(requirement)

    assert told in error.value.message


def test_a_requirement_without_any_signer_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="names no signer, and neither does the document"):
        required("{sbom: {}}", keys="[]")


def test_two_rules_of_one_name_are_a_mistake() -> None:
    rule = "{name: r, artifacts: ['**'], require: {signature: {}}}"

    with pytest.raises(ConfigurationError, match="is another rule called 'r'"):
        read(f"{{keys: [ours.pub], rules: [{rule}, {rule}]}}")


def test_endless_nesting_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="nested more than 16 deep"):
        required("{allOf: [" * 20 + "{signature: {}}" + "]}" * 20)


def test_without_files_only_pem_is_a_key() -> None:
    with pytest.raises(ConfigurationError, match=r"'spec.keys\[0\]': is no key in PEM, and here there are no files"):
        read("{keys: [ours.pub]}", with_files=False)

    inline = read("{keys: ['-----BEGIN PUBLIC KEY-----']}", with_files=False)
    assert inline.keys == (PublicKey("-----BEGIN PUBLIC KEY-----", "the key 0 of p.yaml"),)


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({}, "has no apiVersion"),
        ({"apiVersion": "v1", "kind": "TrustPolicy", "spec": {}}, "expected gitless.dev/v1"),
        ({"apiVersion": "gitless.dev/v1", "kind": "Pipeline", "spec": {}}, "expected TrustPolicy"),
        ({"apiVersion": "gitless.dev/v1", "kind": "TrustPolicy"}, "has no spec"),
        ({"apiVersion": "gitless.dev/v1", "kind": "TrustPolicy", "spec": {}, "keys": []}, "is an unknown key"),
    ],
)
def test_another_kind_of_document_is_no_policy(document: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        read_trust_policy(document, source="p.yaml", read_file=None)

    assert told in error.value.message


# Files.


def write(folder: Path, text: str, name: str = "p.yaml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def test_files_are_relative_to_the_document(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "ours.pub").write_text(public_pem(private_key("ours")))

    policy = load_trust_policy(write(tmp_path, f"{HEAD}  keys: [keys/ours.pub]\n"))

    assert policy.keys == (PublicKey(public_pem(private_key("ours")), "keys/ours.pub"),)


def test_a_mistake_is_told_with_file_and_line(tmp_path: Path) -> None:
    file = write(tmp_path, f"{HEAD}  identities:\n    - subject: x\n      issuer: https://y\n    - subject: x\n")

    with pytest.raises(ConfigurationError) as error:
        load_trust_policy(file)

    assert error.value.message.startswith(f"{file}:7: 'spec.identities[1]': has no issuer")


def test_the_trust_of_a_settings_file_is_a_policy_too(tmp_path: Path) -> None:
    head = "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\n"

    assert load_trust_policy(write(tmp_path, head)).is_empty
    assert load_trust_policy(write(tmp_path, f"{head}trust: {{}}\n")).is_empty
    assert load_trust_policy(write(tmp_path, f"{head}trust: {{identities: [{NAMED}]}}\n")).identities == (RELEASE,)
    with pytest.raises(ConfigurationError, match=r"p\.yaml:4: 'trust'"):
        load_trust_policy(write(tmp_path, f"{head}trust:\n"))
    with pytest.raises(ConfigurationError, match=r"p\.yaml:4: unknown key 'trust\.rulez'; did you mean 'rules'"):
        load_trust_policy(write(tmp_path, f"{head}trust: {{rulez: []}}\n"))


@pytest.mark.parametrize("text", ["", "[]", "a: 1\n---\nb: 1\n", "{", "\0", "- a"])
def test_what_is_no_document_is_no_policy(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError):
        load_trust_policy(write(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"p\.yaml:4: 'spec\.keys\[0\]': .*absent\.pub: No such file"):
        load_trust_policy(write(tmp_path, f"{HEAD}  keys: [absent.pub]\n"))
    with pytest.raises(ConfigurationError, match=r"absent\.yaml"):
        load_trust_policy(tmp_path / "absent.yaml")


# What only an adapter can tell.


def loaded(folder: Path, spec: str) -> TrustPolicy:
    return wiring.trust_policy(TrustOptions(policy_file=str(write(folder, f"{HEAD}  {spec}\n"))), {})


def test_keys_conditions_and_expressions_are_compiled_when_the_policy_is_read(tmp_path: Path) -> None:
    (tmp_path / "ours.pub").write_text(public_pem(private_key("ours")))
    (tmp_path / "bad.pub").write_text("-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n")
    rule = "{{keys: [ours.pub], rules: [{{name: r, artifacts: ['**'], require: {}}}]}}"

    assert loaded(tmp_path, rule.format("{sbom: {where: 'predicate.x == 1'}}")).rules
    with pytest.raises(ConfigurationError, match=r"bad\.pub is not a readable public key"):
        loaded(tmp_path, "{keys: [bad.pub]}")
    with pytest.raises(ConfigurationError, match=r"rule 'r': `predicate\.x ==`: the CEL expression is wrong"):
        loaded(tmp_path, rule.format("{sbom: {where: 'predicate.x =='}}"))
    with pytest.raises(ConfigurationError, match=r"rule 'r': `object\.x`: the CEL expression is wrong"):
        loaded(tmp_path, rule.format("{allOf: [{sbom: {where: object.x}}]}"))
    with pytest.raises(ConfigurationError, match="is not a regular expression"):
        loaded(tmp_path, rule.format("{anyOf: [{provenance: {builderRegExp: '^($'}}]}"))
    with pytest.raises(ConfigurationError, match="is not a regular expression"):
        loaded(tmp_path, "{identities: [{subjectRegExp: '^[$', issuer: x}]}")


def test_options_take_the_place_of_the_documents_signers_and_leave_its_rules(tmp_path: Path) -> None:
    for name in ("ours", "theirs"):
        (tmp_path / f"{name}.pub").write_text(public_pem(private_key(name)))
    (tmp_path / "root.json").write_text("{}")
    document = write(
        tmp_path, f"{HEAD}  {{keys: [ours.pub], rules: [{{name: r, artifacts: ['**'], require: {{signature: {{}}}}}}]}}"
    )

    policy = wiring.trust_policy(
        TrustOptions(
            keys=(str(tmp_path / "theirs.pub"),),
            policy_file=str(document),
            trusted_root=str(tmp_path / "root.json"),
            offline=True,
            ignores_log=True,
        ),
        {},
    )

    assert [key.source for key in policy.keys] == [str(tmp_path / "theirs.pub")]
    assert [key.source for key in policy.rules[0].requirement.signers.keys] == ["ours.pub"]  # type: ignore[union-attr]
    assert policy.trusted_root == TrustedRoot(str(tmp_path / "root.json"), "{}", offline=True)
    assert not policy.requires_log
