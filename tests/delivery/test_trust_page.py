from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema_rs
import yaml

from pipeline import wiring
from pipeline.model.settings.trust import TrustOptions
from pipeline.model.trust.policy import AllOf
from pipeline.model.trust.predicate_types import PREDICATE_TYPES
from pipeline.trust_documents import policy_schema_text
from tests.unit.sign.support import private_key, public_pem

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "trust.md").read_text()


def example() -> str:
    found = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_pages_example_follows_the_schema() -> None:
    validator = jsonschema_rs.validator_for(json.loads(policy_schema_text()))

    assert list(validator.iter_errors(yaml.safe_load(example()))) == []
    assert list(validator.iter_errors({**yaml.safe_load(example()), "spec": {"rule": []}}))


def test_the_page_names_every_short_name() -> None:
    assert [name for name in PREDICATE_TYPES if f"`{name}`" not in PAGE] == []


def test_the_pages_example_is_a_policy(tmp_path: Path) -> None:
    (tmp_path / "cosign.pub").write_text(public_pem(private_key("ours")))
    (tmp_path / "trust.yaml").write_text(example())

    policy = wiring.trust_policy(TrustOptions(policy_file=str(tmp_path / "trust.yaml")), {})

    (rule,) = policy.rules
    assert isinstance(rule.requirement, AllOf)
    assert len(rule.requirement.parts) == 4
