from __future__ import annotations

import re
from pathlib import Path

from pipeline import wiring
from pipeline.model.settings.trust import TrustOptions
from pipeline.model.trust.policy import AllOf
from tests.unit.sign.support import private_key, public_pem

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "trust.md").read_text()


def test_the_pages_example_is_a_policy(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    (tmp_path / "cosign.pub").write_text(public_pem(private_key("ours")))
    (tmp_path / "trust.yaml").write_text(example[1])

    policy = wiring.trust_policy(TrustOptions(policy_file=str(tmp_path / "trust.yaml")))

    (rule,) = policy.rules
    assert isinstance(rule.requirement, AllOf)
    assert len(rule.requirement.parts) == 4
