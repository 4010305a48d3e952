"""Policies are read from Flux's documents and from the settings."""

from __future__ import annotations

import pytest
import yaml

from pipeline.errors import ConfigurationError
from pipeline.model.images.policy import ImagePolicy, Order, Reflection
from pipeline.model.images.policy_reading import find_policy, merged_policies, policies_in
from pipeline.model.manifests import Origin, Resource
from tests.unit.images.policies import policy

DOCUMENTS = """\
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: {name: podinfo, namespace: flux-system}
spec: {image: ghcr.io/stefanprodan/podinfo, interval: 1h, exclusionList: ["^x"]}
---
apiVersion: image.toolkit.fluxcd.io/v1beta2
kind: ImagePolicy
metadata: {name: podinfo, namespace: apps}
spec:
  imageRepositoryRef: {name: podinfo, namespace: flux-system}
  digestReflectionPolicy: IfNotPresent
  filterTags: {pattern: '^v(.*)$', extract: $1}
  policy: {semver: {range: 5.1.x}}
"""


def resources(text: str, *changes: tuple[str, str]) -> list[Resource]:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return [Resource.from_body(body, Origin("policies.yaml", 1)) for body in yaml.safe_load_all(text)]


def test_flux_documents_become_a_policy() -> None:
    [found] = policies_in(resources(DOCUMENTS))

    assert (found.key, found.image, found.repository.host) == (
        "apps:podinfo",
        "ghcr.io/stefanprodan/podinfo",
        "ghcr.io",
    )
    assert (found.rule.order, found.rule.text, str(found.rule)) == (Order.SEMVER, "5.1.x", "semver 5.1.x")
    assert (found.pattern, found.extract, found.exclusions) == ("^v(.*)$", "$1", ("^x",))
    assert found.reflection is Reflection.IF_NOT_PRESENT


def test_a_suspended_policy_chooses_nothing() -> None:
    assert policies_in(resources(DOCUMENTS, ("spec:\n", "spec:\n  suspend: true\n"))) == ()


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "{name: podinfo, namespace: flux-system}\n  digest",
            "{name: podinfo}\n  digest",
            "there is no ImageRepository apps/podinfo",
        ),
        ("image: ghcr.io/stefanprodan/podinfo", "image: https://ghcr.io/podinfo", "expected HOST/PATH without scheme"),
        ("image: ghcr.io/stefanprodan/podinfo", "image: podinfo:1.0", "expected HOST/PATH without scheme"),
        ("range: 5.1.x", "range: five", "'five' is not a version range"),
        ("semver: {range: 5.1.x}", "alphabetical: {order: up}", "order is 'up'; expected asc or desc"),
        ("{semver: {range: 5.1.x}}", "{}", "expected one of: semver, alphabetical, numerical"),
        ("IfNotPresent", "Sometimes", "'Sometimes'; expected one of: Never, IfNotPresent, Always"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(old: str, new: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as caught:
        policies_in(resources(DOCUMENTS, (old, new)))

    assert caught.value.message.startswith("policies.yaml:1: ImagePolicy podinfo: ")


def test_the_same_policy_twice_is_one_and_another_of_its_name_is_refused() -> None:
    one, same = policy({"numerical": {}}), policy({"numerical": {}}, namespace="default")

    assert merged_policies([one], [same]) == (one,)
    with pytest.raises(ConfigurationError, match="default/web is defined twice, and differently"):
        merged_policies([one], [policy({"numerical": {"order": "desc"}})])


@pytest.mark.parametrize(
    ("key", "known", "count"),
    [
        ("default:web", {}, 1),
        ("apps:web", {}, 1),
        ("apps:web", {"namespace": "other"}, 0),
        ("apps:web", {"namespace": "apps"}, 1),
        ("default:api", {}, 0),
    ],
)
def test_a_marker_finds_its_policy_by_namespace_and_name(key: str, known: dict[str, str], count: int) -> None:
    candidates: list[ImagePolicy] = [policy({"numerical": {}}, **known)]

    assert find_policy(key, candidates) == (candidates[0] if count else None)
