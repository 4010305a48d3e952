from __future__ import annotations

import pytest

from pipeline.errors import ConfigurationError, UsageError
from pipeline.model.documents.times import format_age, parse_time
from pipeline.model.flux.kinds import kind_named


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0s"),
        (0.9, "0s"),
        (119, "119s"),
        (120, "2m"),
        (192, "3m12s"),
        (3700, "61m"),
        (3 * 3600 + 1260, "3h21m"),
        (30 * 3600, "30h"),
        (2 * 86400 + 3600, "2d1h"),
        (100 * 86400, "100d"),
        (800 * 86400, "2y70d"),
    ],
)
def test_an_age_is_as_short_as_kubectls(seconds: float, text: str) -> None:
    assert format_age(seconds) == text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:10Z", 10),
        ("1970-01-01T01:00:10.5+01:00", 10.5),
        ("1970-01-01T00:00:10", 10),
        ("1970-01-01T00:00:10.123456789Z", 10.123456),
    ],
)
def test_times_of_the_api_are_read(text: str, seconds: float) -> None:
    assert parse_time(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "now", "10m", "2026-13-01T00:00:00Z"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is no time; expected RFC 3339"):
        parse_time(text)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("deployment", ("apps/v1", "Deployment")),
        ("Deployments", ("apps/v1", "Deployment")),
        ("deploy", ("apps/v1", "Deployment")),
        ("deployments.apps", ("apps/v1", "Deployment")),
        ("cm", ("v1", "ConfigMap")),
        ("networkpolicies", ("networking.k8s.io/v1", "NetworkPolicy")),
        ("ingresses", ("networking.k8s.io/v1", "Ingress")),
        ("endpoints", ("v1", "Endpoints")),
        ("ks", ("kustomize.toolkit.fluxcd.io/v1", "Kustomization")),
        ("ocirepositories", ("source.toolkit.fluxcd.io/v1", "OCIRepository")),
    ],
)
def test_kinds_are_known_by_kubectls_words(word: str, expected: tuple[str, str]) -> None:
    assert kind_named(word) == expected


def test_an_api_version_says_where_a_kind_belongs() -> None:
    assert kind_named("Widget", "example.org/v1") == ("example.org/v1", "Widget")
    assert kind_named("deployment", "apps/v1beta1") == ("apps/v1beta1", "Deployment")


@pytest.mark.parametrize("word", ["Widget", "", "deployment.example.org"])
def test_an_unknown_kind_asks_for_its_api_version(word: str) -> None:
    with pytest.raises(UsageError, match="no kind that gitless knows by name") as caught:
        kind_named(word)
    assert caught.value.hint is not None
    assert "--api-version" in caught.value.hint
