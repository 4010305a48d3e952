import importlib
from pathlib import Path
from pkgutil import iter_modules

from pipeline.config import load_settings
from pipeline.model.validation.catalogue import all_rules
from tests.delivery import rule_table
from tests.delivery.schema_table import PAGE, with_current_table


def test_the_reference_of_gitless_yaml_is_the_schemas() -> None:
    text = PAGE.read_text()

    assert with_current_table(text) == text


def test_the_documented_gitless_yaml_is_accepted(tmp_path: Path) -> None:
    example = PAGE.read_text().split("```yaml\n")[1].split("```\n")[0]
    file = tmp_path / "gitless.yaml"
    file.write_text(example)

    settings = load_settings(file)

    assert settings.targets["staging"].context == "staging"


def test_the_page_about_the_lint_has_every_rule() -> None:
    text = rule_table.PAGE.read_text()

    assert rule_table.with_current_rules(text) == text
    assert [rule.id for rule in all_rules() if f"| `{rule.id}` |" not in text] == []


def test_every_result_is_documented() -> None:
    page = (PAGE.parent / "formats.md").read_text()
    package = importlib.import_module("pipeline.model.outcome")
    modules = [importlib.import_module(f"{package.__name__}.{found.name}") for found in iter_modules(package.__path__)]
    kinds = {vars(item)["kind"] for module in modules for item in vars(module).values() if "kind" in vars_of(item)}

    assert len(kinds) > 8
    assert [kind for kind in sorted(kinds) if f"`{kind}`" not in page] == []


def vars_of(item: object) -> dict[str, object]:
    return dict(vars(item)) if isinstance(item, type) and isinstance(vars(item).get("kind"), str) else {}
