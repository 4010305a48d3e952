import re
from pathlib import Path

from pipeline.config import load_settings
from pipeline.model.deployments.storage import LIST_TYPE, RECORD_TYPE
from pipeline.model.trust.predicate_types import DEPLOY_RECORD
from tests.delivery.page_options import options_named, options_of_commands
from tests.delivery.schema_table import PAGE

TEXT = (PAGE.parent / "deploy-records.md").read_text()
HEAD = "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\n"


def test_the_documented_settings_are_accepted(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    file = tmp_path / "gitless.yaml"
    file.write_text(HEAD + "".join(blocks))

    settings = load_settings(file)

    assert len(blocks) == 2
    assert settings.targets["production"].deploy_record.cluster == "production"
    assert settings.records_of("production") == "oci://ghcr.io/acme/shop-deployments"


def test_every_option_on_the_page_exists() -> None:
    others = {"--docker-server", "--from-file", "--from-literal", "--insecure-ignore-tlog", "--type", "--key"}

    found = options_named(TEXT) - others

    assert found - options_of_commands() - {"--output-key-prefix"} == set()


def test_the_types_on_the_page_are_those_that_are_written() -> None:
    formats = (PAGE.parent / "formats.md").read_text()

    assert [item for item in (RECORD_TYPE, DEPLOY_RECORD) if item not in TEXT or item not in formats] == []
    assert LIST_TYPE in formats
