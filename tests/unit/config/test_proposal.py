import pytest
import yaml

from pipeline.model.settings.proposal import FoundSource, application_name, propose, split_environments


def test_overlays_become_targets_and_their_base_is_not_built_twice() -> None:
    found = [
        FoundSource("base", "kustomize"),
        FoundSource("charts/cache", "helm"),
        FoundSource("overlays/production", "kustomize"),
        FoundSource("overlays/staging", "kustomize"),
    ]

    common, environments = split_environments(found)

    assert [source.path for source in common] == ["charts/cache"]
    assert sorted(environments) == ["production", "staging"]


def test_a_name_is_made_valid() -> None:
    assert application_name("My App_2") == "my-app-2"
    assert application_name("…") == "app"


def test_an_odd_path_is_quoted() -> None:
    assert 'path: "my app: v1"' in propose("shop", [FoundSource("my app: v1", "plain")])


@pytest.mark.parametrize("name", ["n", "on", "no", "null", "007", "1e3"])
def test_a_name_that_yaml_takes_for_something_else_is_a_text(name: str) -> None:
    proposed = yaml.safe_load(propose(name, [FoundSource(name, "helm"), FoundSource(f"overlays/{name}", "kustomize")]))

    assert proposed["name"] == name
    assert list(proposed["targets"]) == [name]
    target = proposed["targets"][name]
    assert target["artifact"]["tags"] == [name]
    assert [source["path"] for source in target["sources"]] == [f"overlays/{name}", name]
    assert target["sources"][1]["helm"]["release"] == name
