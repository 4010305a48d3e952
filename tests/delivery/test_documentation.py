from pathlib import Path

from pipeline.config import load_settings
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
