"""Marked values follow a real registry: in files, patches, commits of a real git, and pull requests."""

from __future__ import annotations

import subprocess
import uuid
from pathlib import Path
from typing import Literal

import pytest
import yaml

from pipeline.ports import Registry
from tests.contract.registry.servers import open_registry, server
from tests.images import push_image
from tests.integration.images.conftest import Gitless, deployment
from tests.platform.hosting import github
from tests.platform.hosting.pulls import GitHubPullsApi
from tests.platform.hosting.server import serving

pytestmark = [pytest.mark.registry, pytest.mark.tool]

ROBOT = "Robot <robot@acme.dev>"


def git(*arguments: str, cwd: Path) -> str:
    done = subprocess.run(["git", *arguments], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(web: Registry, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a remote, manifests with markers, and images of three versions."""
    for name, value in {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}.items():
        monkeypatch.setenv(name, value)
    for version in ("1.0.0", "1.2.0", "2.0.0"):
        push_image(web, version)
    name = web.repository.name
    marker = '# {"$imagepolicy": "apps:web"}'
    (folder / "deploy").mkdir()
    (folder / "deploy" / "web.yaml").write_text(deployment(f"{name}:1.0.0 {marker}", "redis:7"))
    (folder / "deploy" / "kustomization.yaml").write_bytes(
        b"resources: [web.yaml]\r\nimages:   # kept\r\n- name: web\r\n"
        + f'  newName: {name} # {{"$imagepolicy": "apps:web:name"}}\r\n'.encode()
        + b'  newTag: "1.0.0" # {"$imagepolicy": "apps:web:tag"}\r\n'
    )
    (folder / "gitless.yaml").write_text(
        "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\nimages:\n  policies:\n"
        f"  - {{name: web, namespace: apps, image: '{name}', policy: {{semver: {{range: 1.x}}}}}}\n"
    )
    git("init", "-q", "-b", "main", ".", cwd=folder)
    git("add", ".", cwd=folder)
    git("-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "First", cwd=folder)
    git("init", "-q", "--bare", "../remote.git", cwd=folder)
    git("remote", "add", "origin", str(folder.parent / "remote.git"), cwd=folder)
    git("push", "-q", "origin", "main", cwd=folder)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((folder / "deploy").iterdir())}


def test_files_get_the_newest_allowed_tag_and_nothing_else_changes(
    web: Registry, repository: Path, gitless: Gitless
) -> None:
    before = contents(repository)
    expected = {
        "kustomization.yaml": before["kustomization.yaml"].replace(b"1.0.0", b"1.2.0"),
        "web.yaml": before["web.yaml"].replace(b"1.0.0", b"1.2.0"),
    }
    (repository / "deploy" / "web.yaml").chmod(0o755)

    shown = gitless("images", "update", "--dry-run", "--exit-code")
    assert (shown.code, contents(repository)) == (3, before)
    assert f"{web.repository.name}:1.0.0 → {web.repository.name}:1.2.0" in shown.out

    updated = gitless("images", "update", "deploy", "-o", "json")
    assert (updated.code, contents(repository)) == (0, expected)
    assert updated.document["written"]
    assert [(change["file"], change["part"]) for change in updated.document["changes"]] == [
        ("deploy/kustomization.yaml", "tag"),
        ("deploy/web.yaml", "image"),
    ]
    assert (repository / "deploy" / "web.yaml").stat().st_mode & 0o777 == 0o755
    again = gitless("images", "update")
    assert again.out == "every image is what its policy chooses\n"


def test_a_patch_is_what_git_applies(repository: Path, gitless: Gitless, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "deploy")
    before = contents(repository)

    printed = gitless("images", "update", ".", "-f", "../gitless.yaml", "-o", "patch")
    written = gitless("images", "update", ".", "-f", "../gitless.yaml", "--output-patch", "../../update.patch")

    assert (printed.code, written.code, contents(repository)) == (0, 0, before)
    assert (repository.parent / "update.patch").read_bytes().decode() == printed.out
    git("apply", "../update.patch", cwd=repository)
    assert git("diff", "--stat", cwd=repository).endswith("2 files changed, 2 insertions(+), 2 deletions(-)")
    assert gitless("images", "update", ".", "-f", "../gitless.yaml").out.startswith("every image")


def test_a_commit_holds_exactly_the_changed_files_and_is_pushed_where_asked(repository: Path, gitless: Gitless) -> None:
    (repository / "staged.txt").write_text("not ours")
    git("add", "staged.txt", cwd=repository)

    result = gitless("images", "update", "--commit", "--push", "updates", "--author", ROBOT, "-o", "json")

    assert result.code == 0, result.err
    commit = result.document["commit"]
    assert (commit["digest"], commit["branch"]) == (git("rev-parse", "HEAD", cwd=repository), "updates")
    assert git("show", "--format=%an <%ae>%n%s", "--name-only", cwd=repository).splitlines() == [
        ROBOT,
        "Update images",
        "",
        "deploy/kustomization.yaml",
        "deploy/web.yaml",
    ]
    assert "- apps:web: 1.0.0 -> 1.2.0" in git("log", "-1", "--format=%b", cwd=repository)
    assert git("diff", "--cached", "--name-only", cwd=repository) == "staged.txt"
    assert git("rev-parse", "refs/heads/updates", cwd=repository.parent / "remote.git") == commit["digest"]


def test_work_that_is_not_committed_is_never_swept_along(repository: Path, gitless: Gitless) -> None:
    with (repository / "deploy" / "web.yaml").open("a") as file:
        file.write("# mine\n")
    before = contents(repository)

    refused = gitless("images", "update", "--commit", "--author", ROBOT)

    assert (refused.code, contents(repository)) == (9, before)
    assert "deploy/web.yaml: there are changes that are not committed" in refused.err


def test_without_an_identity_git_says_so(repository: Path, gitless: Gitless, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "user.useConfigOnly")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "true")

    failed = gitless("images", "update", "--commit")

    assert failed.code == 8
    assert "--author 'NAME <MAIL>'" in failed.err


def test_a_pull_request_is_opened_once_and_kept_up_to_date(
    web: Registry, repository: Path, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = repository.parent / "remote.git"
    head, before = git("rev-parse", "HEAD", cwd=repository), contents(repository)

    def exists(branch: str) -> bool:
        return bool(git("branch", "--list", branch, cwd=remote))

    api = GitHubPullsApi(exists=exists)
    with serving(api, "/api/v3") as served:
        for name, value in {
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_API_URL": served.url,
            "GITHUB_TOKEN": github.APP_TOKEN,
        }.items():
            monkeypatch.setenv(name, value)
        command = ("images", "update", "--pull-request", "--author", ROBOT, "-o", "json")
        first = gitless(*command)
        assert first.code == 0, first.err
        same = gitless(*command)
        push_image(web, "1.3.0")
        second = gitless(*command)

        assert second.code == 0, second.err
        branch = first.document["commit"]["branch"]
        [request] = api.requests
        assert (request.source, request.target, request.title) == (branch, "main", "Update images")
        assert f"`{web.repository.name}:1.3.0`" in request.body
        numbers = [outcome.document["pullRequest"]["number"] for outcome in (first, same, second)]
        news = [(item.document["commit"]["new"], item.document["pullRequest"]["new"]) for item in (first, same, second)]
        assert (numbers, news) == ([12] * 3, [(True, True), (False, False), (True, False)])
        tip = git("rev-parse", branch, cwd=remote)
        assert git("rev-parse", f"{tip}^", cwd=remote) == head
        assert f"{web.repository.name}:1.3.0" in git("show", f"{tip}:deploy/web.yaml", cwd=remote)
        assert (contents(repository), git("status", "--porcelain", cwd=repository)) == (before, "")

        # Somebody else's commit on the branch is nothing that may be overwritten.
        git("fetch", "-q", "origin", branch, cwd=repository)
        git("checkout", "-q", "FETCH_HEAD", cwd=repository)
        git("-c", "user.name=A", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "Mine", cwd=repository)
        git("push", "-q", "origin", f"HEAD:{branch}", cwd=repository)
        git("checkout", "-q", "main", cwd=repository)
        push_image(web, "1.4.0")
        refused = gitless(*command)
        assert (refused.code, "ends with a commit that is not ours" in refused.err) == (9, True)


@pytest.mark.parametrize("kind", ["referrers", "none"])
def test_the_newest_of_many_builds_is_found(kind: Literal["referrers", "none"], folder: Path, gitless: Gitless) -> None:
    builds = open_registry(server(kind), f"images-{uuid.uuid4().hex[:8]}/builds")
    digest = push_image(builds, *(f"main-{number % 16:x}abc-{1_700_000_000 + 7919 * number}" for number in range(60)))
    push_image(builds, "main-9-99999999999999.sig", "latest", "v9.9.9")
    name = builds.repository.name
    (folder / "all.yaml").write_text(
        "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageRepository\nmetadata: {name: b, namespace: apps}\n"
        f"spec: {{image: '{name}'}}\n---\n"
        "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\nmetadata: {name: b, namespace: apps}\n"
        "spec:\n  imageRepositoryRef: {name: b}\n  digestReflectionPolicy: Always\n"
        "  filterTags: {pattern: '^main-[a-f0-9]+-(?P<ts>[0-9]+)', extract: '$ts'}\n  policy: {numerical: {}}\n"
        f'---\nimage: old # {{"$imagepolicy": "apps:b"}}\n'
    )

    assert gitless("images", "update").code == 0

    newest = f"main-babc-{1_700_000_000 + 7919 * 59}"
    assert (folder / "all.yaml").read_text().splitlines()[-1] == (
        f'image: {name}:{newest}@{digest} # {{"$imagepolicy": "apps:b"}}'
    )


def test_straight_into_the_next_artifact(web: Registry, repository: Path, gitless: Gitless) -> None:
    name = web.repository.name
    (repository / "deploy" / "kustomization.yaml").unlink()
    (repository / "deploy" / "web.yaml").write_text(deployment(f"{name}:1.0.0"))
    digest = web.resolve("1.2.0").digest

    locked = gitless("images", "update", "deploy", "--lock-only", "--commit", "--author", ROBOT, "-o", "json")

    assert locked.code == 0, locked.err
    assert git("show", "--format=", "--name-only", cwd=repository) == "images.lock.yaml"
    entry = {"image": f"{name}:1.0.0", "digest": digest, "policy": "apps:web", "tag": "1.2.0"}
    assert yaml.safe_load((repository / "images.lock.yaml").read_text())["images"] == [entry]
    built = gitless("build", "deploy")
    assert f"image: {name}:1.2.0@{digest}\n" in built.out
    assert gitless("images", "check", "deploy", "--exit-code").code == 0
    push_image(web, "1.3.0")
    behind = gitless("images", "check", "deploy", "--exit-code", "-o", "json")
    assert (behind.code, behind.document["counts"]) == (3, {"outdated": 1})


def test_the_lock_follows_in_the_same_commit(web: Registry, repository: Path, gitless: Gitless) -> None:
    (repository / "deploy" / "kustomization.yaml").unlink()
    web_yaml = repository / "deploy" / "web.yaml"
    web_yaml.write_text(web_yaml.read_text().replace("redis:7", f"{web.repository.name}:1.2.0"))
    assert gitless("images", "lock", "deploy").code == 0
    git("add", ".", cwd=repository)
    git("-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "Lock", cwd=repository)

    assert gitless("images", "update", "--commit", "--author", ROBOT, "--message", "Bump\n\n{changes}").code == 0

    assert git("show", "--format=%s", "--name-only", cwd=repository).splitlines() == [
        "Bump",
        "",
        "deploy/web.yaml",
        "images.lock.yaml",
    ]
    assert gitless("images", "check", "deploy", "--exit-code").code == 0
    assert gitless("build", "deploy", "--require-lock").code == 0
