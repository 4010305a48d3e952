"""What is still encrypted, or has variables, is judged as far as it will stay."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from pipeline.gates.schema import SchemaGate
from pipeline.model.manifests import Manifests, Resource
from pipeline.model.validation.finding import Checked
from tests.unit.validation.schema_cases import BODIES

_ENCRYPTED = "ENC[AES256_GCM,data:x0Y=,iv:AA==,tag:AA==,type:str]"


def checked(body: dict[str, Any]) -> Checked:
    return SchemaGate("", lambda: ()).check(Manifests.of([Resource.from_body(body)]), None)


def test_an_encrypted_secret_is_no_error_and_no_pass() -> None:
    body = BODIES["Secret"] | {"data": {"key": _ENCRYPTED}, "sops": {"mac": _ENCRYPTED, "version": "3.9.0"}}

    told = checked(body)

    assert told.findings == ()
    (item,) = told.not_evaluated
    assert (str(item.object_id), item.reason.rpartition(": ")[2]) == ("Secret web", "data.key")


def test_what_is_wrong_with_an_encrypted_secret_is_told() -> None:
    body = BODIES["Secret"] | {"data": {"a/b": _ENCRYPTED}, "dta": {}, "sops": {"mac": _ENCRYPTED}}

    assert [finding.path for finding in checked(body).findings] == ["dta", "data[a/b]"]


def test_a_field_named_sops_of_what_is_not_encrypted_is_told() -> None:
    (finding,) = checked(BODIES["Secret"] | {"sops": {}}).findings

    assert finding.path == "sops"


def test_values_with_variables_are_not_evaluated_and_all_others_are() -> None:
    body = deepcopy(BODIES["Deployment"])
    body["metadata"] |= {"name": "${name}-web", "labels": {"${key}": "two words", "team": "${team:=the shop}"}}
    body["spec"] |= {"replicas": "${replicas}", "minReadySeconds": "3"}
    body["spec"]["selector"] = {"matchLabels": {"app": "${name}"}}

    told = checked(body)

    assert [finding.path for finding in told.findings] == ["spec.minReadySeconds"]
    (item,) = told.not_evaluated
    assert item.reason.rpartition(": ")[2].split(", ") == [
        "spec.replicas", "metadata.name", "metadata.labels[${key}]", "metadata.labels.team",
        "spec.selector.matchLabels.app",
    ]  # fmt: skip


def test_what_is_escaped_is_no_variable() -> None:
    body = deepcopy(BODIES["Deployment"])
    body["spec"]["replicas"] = "$${replicas}"

    assert [finding.path for finding in checked(body).findings] == ["spec.replicas"]


def test_an_encrypted_secret_is_larger_than_what_is_in_it() -> None:
    large = f"ENC[AES256_GCM,data:{'A' * 1_600_000},iv:AA==,tag:AA==,type:str]"

    assert checked(BODIES["Secret"] | {"data": {"key": large}, "sops": {"mac": _ENCRYPTED}}).findings == ()


def test_a_volume_whose_name_has_a_variable_may_be_the_one_that_is_mounted() -> None:
    body = deepcopy(BODIES["Deployment"])
    body["spec"]["template"]["spec"]["volumes"] = [{"name": "${volume}"}]
    body["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = [{"name": "cache", "mountPath": "/x"}]

    assert checked(body).findings == ()
