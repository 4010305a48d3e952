from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.gates.lint import LintGate
from pipeline.model.installation.manifests import installation
from pipeline.model.installation.options import InstallOptions
from pipeline.model.validation.options import ValidationOptions
from pipeline.model.validation.suppressing import apply_settings

PINNED = InstallOptions(version="1.2.3", image="registry.example/gitless@sha256:" + "7" * 64)


@pytest.mark.parametrize("options", [PINNED, replace(PINNED, cluster_admin=False)])
def test_our_own_manifests_break_no_rule_but_for_what_they_say_why(options: InstallOptions) -> None:
    manifests = installation(options)

    found = apply_settings(LintGate().check(manifests, None), ValidationOptions(), manifests).findings

    assert [(item.rule, item.object_id) for item in found if item.suppression is None] == []
    suppressed = {item.rule for item in found}
    assert suppressed == ({"rbac-cluster-admin"} if options.cluster_admin else set())


def test_without_an_image_of_ones_own_its_digest_is_what_is_left_to_say() -> None:
    manifests = installation(InstallOptions(version="1.2.3"))

    found = apply_settings(LintGate().check(manifests, None), ValidationOptions(), manifests).findings

    assert [item.rule for item in found if item.suppression is None] == ["image-digest"]
