import re
from pathlib import Path

from pipeline.config import load_settings
from pipeline.model.artifact.reference import Repository
from pipeline.model.promotion.lock import LOCK_TYPE, LOCKED, TagLock, can_be_locked, lock_tag, locked_error
from pipeline.model.trust.predicate_types import ROLLBACK
from tests.delivery.page_options import options_named, options_of_commands
from tests.delivery.schema_table import PAGE

TEXT = (PAGE.parent / "promotion.md").read_text()
FORMATS = " ".join((PAGE.parent / "formats.md").read_text().split())


def test_every_option_on_the_page_exists() -> None:
    found = options_named(TEXT)

    assert len(found) > 15
    assert found - options_of_commands() == set()


def test_the_documented_settings_are_accepted(tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    file = tmp_path / "gitless.yaml"
    file.write_text("apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\n" + "".join(blocks))

    retention = load_settings(file).retention

    assert (retention.keep, retention.older_than, retention.keep_deployed) == (20, 2160 * 3600.0, 10)
    assert retention.keep_signed_releases


def test_a_refusal_looks_as_the_page_shows_it() -> None:
    shown = TEXT.split("```\nError: ")[1].split("```")[0].replace("\n  by", " by")
    told = re.search(r"since (\S+) by (\S+): (.+)\n", shown)
    assert told is not None
    lock = TagLock(tag="production", digest="sha256:…", reason=told[3], by=told[2], at=1795702152.0)

    error = locked_error(lock, Repository("registry.prod", "acme/shop"))

    assert f"{error.message}\n  {error.hint}\n" == shown
    assert error.code == LOCKED


def test_what_is_written_into_the_registry_is_documented() -> None:
    assert LOCK_TYPE in FORMATS
    assert ROLLBACK in FORMATS
    assert f"`{lock_tag('TAG')}`" in FORMATS
    assert f"`{lock_tag('TAG')}`" in TEXT
    assert can_be_locked("x" * 115)
    assert not can_be_locked("x" * 116)
    assert "more than 115 characters" in " ".join(TEXT.split())
