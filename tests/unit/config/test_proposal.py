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
