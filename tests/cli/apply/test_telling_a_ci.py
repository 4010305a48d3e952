from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path

import pytest

from pipeline.errors import ClusterError
from pipeline.testing.cluster import MemoryCluster
from tests.cli.apply.shops import Gitless

SKIP = "--insecure-skip-verification"
SECRETS = ("hunter2", b64encode(b"hunter2").decode())


@pytest.fixture
def in_github(gitless: Gitless, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A step on a runner, after the fixture that clears such variables; its files are in the folder."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "outputs"))
    return tmp_path


def outputs(folder: Path) -> dict[str, str]:
    found = re.findall(r"^(\S+)<<(\S+)\n(.*?)\n\2\n", (folder / "outputs").read_text(), re.MULTILINE | re.DOTALL)
    return {name: value for name, _, value in found}


def test_an_apply_tells_what_it_did_and_no_value_of_a_secret(gitless: Gitless, in_github: Path, shop: Path) -> None:
    for arguments in (("diff", "live", str(shop), "--full"), ("apply", str(shop), SKIP)):
        done = gitless(*arguments, "-n", "shop", "--report", "all.md")
        assert done.code == 0, done.err

        told = done.out + done.err + (in_github / "summary.md").read_text() + (in_github / "all.md").read_text()
        assert [secret for secret in SECRETS if secret in told] == []
    assert "### Apply: 2 created" in (in_github / "summary.md").read_text()
    found = outputs(in_github)
    assert (found["changed"], found["created"], found["deleted"]) == ("true", "2", "0")


def test_an_apply_that_stops_tells_how_far_it_came_and_why(
    gitless: Gitless, cluster: MemoryCluster, in_github: Path, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = cluster.apply

    def failing(body: dict[str, object], **more: object) -> object:
        if body["kind"] == "Secret" and not more.get("dry_run"):
            raise ClusterError("the API server is gone")
        return apply(body, **more)  # type: ignore[arg-type] # handed on as it came

    monkeypatch.setattr(cluster, "apply", failing)

    done = gitless("apply", str(shop), SKIP, "-n", "shop")

    assert done.code == 6
    errors = [line for line in done.err.splitlines() if line.startswith("::error")]
    assert len(errors) == 1
    assert errors[0].startswith("::error title=gitless apply::")
    summary = (in_github / "summary.md").read_text()
    assert "### Apply: stopped by an error; until then 1 created" in summary
    assert summary.index("### Apply") < summary.index("> **gitless apply failed**: ")


def test_what_would_be_refused_is_an_annotation_before_the_error(gitless: Gitless, in_github: Path, shop: Path) -> None:
    assert gitless("apply", str(shop), SKIP, "-n", "shop").code == 0

    done = gitless("diff", "live", str(shop), "--inventory", "another", "-n", "shop")

    assert done.code == 9
    errors = [line for line in done.err.splitlines() if line.startswith("::error")]
    assert [error.split("::")[1].partition("title=")[2] for error in errors] == [
        "would be refused", "would be refused", "gitless diff",
    ]  # fmt: skip
    assert "#### Applying this would be refused\n\n- `" in (in_github / "summary.md").read_text()
