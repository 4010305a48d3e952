"""Policies from Flux's documents and from ``images.policies`` of ``gitless.yaml``, whose fields have the same names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NoReturn

from pipeline.errors import ConfigurationError, UsageError
from pipeline.model.artifact.versions import parse_range
from pipeline.model.attestation.image_names import parse_image_name
from pipeline.model.documents.printable import printable
from pipeline.model.documents.untyped import mapping_at, text_at, texts_at
from pipeline.model.images.policy import (
    DEFAULT_EXCLUSIONS,
    DEFAULT_NAMESPACE,
    ImagePolicy,
    Order,
    Reflection,
    TagRule,
)
from pipeline.model.manifests import Resource

GROUP: Final = "image.toolkit.fluxcd.io"
POLICY: Final = "ImagePolicy"
REPOSITORY: Final = "ImageRepository"
_ORDERS = {"": False, "asc": False, "desc": True}


def policies_in(resources: Iterable[Resource]) -> tuple[ImagePolicy, ...]:
    """Every ``ImagePolicy`` with its ``ImageRepository``; one that is suspended chooses nothing and is left out.

    Raises:
        ConfigurationError: one cannot be read, or its repository is not among the objects.
    """
    policies: list[Resource] = []
    repositories: dict[tuple[str, str], Resource] = {}
    for resource in resources:
        if resource.id.group != GROUP:
            continue
        if resource.id.kind == REPOSITORY:
            repositories[resource.id.namespace, resource.id.name] = resource
        elif resource.id.kind == POLICY and mapping_at(resource.body, "spec").get("suspend") is not True:
            policies.append(resource)
    return tuple(_of_objects(policy, repositories) for policy in policies)


def settings_policies(items: Sequence[Mapping[str, Any]], file: str) -> tuple[ImagePolicy, ...]:
    """Those of the settings file, each with its image beside the fields of ``ImagePolicy``'s spec.

    Raises:
        ConfigurationError: one cannot be read; the message names it, not the file.
    """
    return tuple(
        _policy(item, text_at(item, "name"), text_at(item, "namespace"), item, f"{file}, images.policies[{at}]")
        for at, item in enumerate(items)
    )


def merged_policies(*groups: Iterable[ImagePolicy]) -> tuple[ImagePolicy, ...]:
    """All of them, each once, by namespace and name.

    Raises:
        ConfigurationError: two of one name say different things.
    """
    found: dict[str, ImagePolicy] = {}
    for policy in (policy for group in groups for policy in group):
        known = found.setdefault(policy.key, policy)
        if _said(known) != _said(policy):
            raise ConfigurationError(
                f"{policy} is defined twice, and differently: {known.place} and {policy.place}",
                hint="remove one of the two, or give them different names",
            )
    return tuple(found[key] for key in sorted(found))


def find_policy(key: str, policies: Iterable[ImagePolicy]) -> ImagePolicy | None:
    """The policy that a marker names by ``NAMESPACE:NAME``.

    One whose document says no namespace is found under any, where no other has its name: kustomize may add it later.
    """
    known = tuple(policies)
    for policy in known:
        if policy.key == key:
            return policy
    homeless = [policy for policy in known if not policy.namespace and policy.name == key.rpartition(":")[2]]
    return homeless[0] if len(homeless) == 1 else None


def _said(policy: ImagePolicy) -> tuple[object, ...]:
    return (policy.image, policy.rule, policy.pattern, policy.extract, policy.exclusions, policy.reflection)


def _of_objects(resource: Resource, repositories: Mapping[tuple[str, str], Resource]) -> ImagePolicy:
    spec, place = mapping_at(resource.body, "spec"), str(resource.origin or "the manifests")
    reference = mapping_at(spec, "imageRepositoryRef")
    namespace, name = text_at(reference, "namespace") or resource.id.namespace, text_at(reference, "name")
    repository = repositories.get((namespace, name))
    if repository is None:
        whole = f"{namespace or DEFAULT_NAMESPACE}/{printable(name, 100)}"
        _refuse(resource.id.name, place, f"spec.imageRepositoryRef: there is no {REPOSITORY} {whole} beside it")
    source = {**spec, **{key: value for key, value in mapping_at(repository.body, "spec").items() if key in _SCANNED}}
    return _policy(source, resource.id.name, resource.id.namespace, spec, place)


_SCANNED = frozenset({"image", "exclusionList"})


def _policy(item: Mapping[str, Any], name: str, namespace: str, spec: Mapping[str, Any], place: str) -> ImagePolicy:
    image = text_at(item, "image")
    parsed = parse_image_name(image)
    if parsed is None or parsed.tag or parsed.digest:
        _refuse(name, place, f"image is '{printable(image, 100)}'; expected HOST/PATH without scheme, tag and digest")
    reflection = text_at(spec, "digestReflectionPolicy") or Reflection.NEVER.value
    if reflection not in set(Reflection):
        choices = ", ".join(Reflection)
        _refuse(name, place, f"digestReflectionPolicy is '{printable(reflection, 40)}'; expected one of: {choices}")
    return ImagePolicy(
        name=name,
        namespace=namespace,
        image=image,
        rule=_rule(mapping_at(spec, "policy"), name, place),
        pattern=text_at(spec, "filterTags", "pattern"),
        extract=text_at(spec, "filterTags", "extract"),
        exclusions=texts_at(item, "exclusionList") or DEFAULT_EXCLUSIONS,
        reflection=Reflection(reflection),
        place=place,
    )


def _rule(choice: Mapping[str, Any], name: str, place: str) -> TagRule:
    """Where several are given, Flux takes the first of this order."""
    if isinstance(choice.get("semver"), Mapping):
        text = text_at(choice, "semver", "range")
        try:
            return TagRule(Order.SEMVER, text, parse_range(text))
        except UsageError as error:
            problem = f"policy.semver.range: {error.message}"
            return _refuse(name, place, problem)
    for order in (Order.ALPHABETICAL, Order.NUMERICAL):
        if isinstance(choice.get(order.value), Mapping):
            text = text_at(choice, order.value, "order")
            if text.lower() not in _ORDERS:
                _refuse(name, place, f"policy.{order}.order is '{printable(text, 40)}'; expected asc or desc")
            return TagRule(order, is_descending=_ORDERS[text.lower()])
    return _refuse(name, place, "policy says nothing; expected one of: semver, alphabetical, numerical")


def _refuse(name: str, place: str, problem: str) -> NoReturn:
    raise ConfigurationError(f"{place}: {POLICY} {printable(name, 100)}: {problem}", code="configuration.image-policy")
