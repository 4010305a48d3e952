"""Every option of ``gitless puller`` reaches the process."""

from __future__ import annotations

from typing import Any

import pytest
from click.testing import CliRunner

from pipeline.cli import application
from pipeline.errors import ConfigurationError
from pipeline.model.flux.options import PullerOptions
from pipeline.model.installation.arguments import puller_arguments
from pipeline.model.installation.options import InstallOptions
from pipeline.model.settings.connections import ClusterOptions

CHANGED = PullerOptions(
    namespace="tools",
    watch_all_namespaces=False,
    watch_label_selector="sharding.fluxcd.io/key=a",
    concurrency=3,
    cache_dir="/var/cache/artifacts",
    cache_max_size=512 * 1024**2,
    artifact_max_size=10 * 1024**2,
    no_cross_namespace_refs=True,
    default_service_account="deployer",
    allow_remote_bases=True,
    strict_substitution=False,
    requeue_dependency=5.0,
    interval_jitter=0.1,
    sops_age_secret="keys",
    trust_policy="tools/trust",
    max_prune="10%",
    protect=("StatefulSet", "Secret shop/*"),
    leader_election=False,
    metrics_address="127.0.0.1:1",
    health_address="127.0.0.1:2",
)


class _Started:
    """Stands for the process: only what it was started with matters here."""

    def __init__(self) -> None:
        self.options: list[tuple[PullerOptions, ClusterOptions]] = []

    def __call__(self, options: PullerOptions, cluster: ClusterOptions, *_: Any, **__: Any) -> _Started:  # noqa: ANN401
        self.options.append((options, cluster))
        return self

    def run(self) -> None:
        """End at once."""


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> _Started:
    made = _Started()
    monkeypatch.setattr("pipeline.puller.assembly.assemble", made)
    return made


def test_without_options_everything_is_as_documented(started: _Started) -> None:
    result = CliRunner().invoke(application, ["puller"], env={})

    assert result.exit_code == 0, result.output
    assert started.options == [(PullerOptions(), ClusterOptions())]


def test_every_option_that_an_installation_passes_reaches_the_process(started: _Started) -> None:
    arguments = puller_arguments(InstallOptions(version="1.0.0", puller=CHANGED))

    result = CliRunner().invoke(application, arguments, env={"RUNTIME_NAMESPACE": "tools"})

    assert result.exit_code == 0, result.output
    assert started.options[0][0] == CHANGED


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--concurrent", "0"], "concurrent"),
        (["--cache-max-size", "many"], "cache-max-size"),
        (["--requeue-dependency", "soon"], "requeue-dependency"),
        (["--interval-jitter-percentage", "150"], "interval-jitter-percentage"),
        (["--enable-leader-election", "perhaps"], "enable-leader-election"),
        (["--log-level", "warning"], "log-level"),
    ],
)
def test_options_that_make_no_sense_are_named(started: _Started, arguments: list[str], complaint: str) -> None:
    result = CliRunner().invoke(application, ["puller", *arguments])

    assert result.exit_code == 2
    assert complaint in result.output
    assert started.options == []


@pytest.mark.parametrize("policy", ["", "a/b/c", "Trust"])
def test_a_trust_policy_that_names_no_config_map_is_refused(started: _Started, policy: str) -> None:
    result = CliRunner().invoke(application, ["puller", "--trust-policy", policy])

    assert isinstance(result.exception, ConfigurationError)
    assert "names no ConfigMap; expected NAMESPACE/NAME" in result.exception.message
    assert started.options == []
