"""Which jobs a change makes, in a real Git checkout."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.checkouts.looking import GitCheckout
from pipeline.cli import application
from pipeline.cli.boundary import run_guarded

Captured = pytest.CaptureFixture[str]

SETTINGS = """\
apiVersion: gitless.dev/v1
kind: Pipeline
name: {name}
artifact:
  repository: oci-layout:out
  tags: [latest]
targets:
  staging:
    sources: [{{path: environments/staging}}, {{path: ../../charts/cache, helm: {{values: [staging.yaml]}}}}]
  production:
    sources: [{{path: environments/production}}]
    namespace: shared
"""
FILES = {
    "apps/shop/gitless.yaml": SETTINGS.format(name="shop"),
    "apps/shop/staging.yaml": "replicas: 1\n",
    "apps/shop/environments/staging/kustomization.yaml": (
        "resources: [../../base]\ncomponents: [../../../../components/quota]\nnamespace: shared\n"
    ),
    "apps/shop/environments/production/kustomization.yaml": (
        "resources: [../../base]\nnamespace: shared\npatches:\n- path: ../../patches/cpu.yaml\n"
        "- patch: |\n    kind: Deployment\n  target: {name: notes}\n"
        "configMapGenerator:\n- name: settings\n  files: [site.conf=files/site.conf]\n  envs: [files/env]\n"
    ),
    "apps/shop/environments/production/notes": "not read by anybody\n",
    "apps/shop/environments/production/files/site.conf": "a\n",
    "apps/shop/environments/production/files/env": "A=1\n",
    "apps/shop/base/kustomization.yaml": "resources: [web.yaml]\n",
    "apps/shop/base/web.yaml": "kind: Deployment\n",
    "apps/shop/base/README.md": "not read by anybody\n",
    "apps/shop/patches/cpu.yaml": "kind: Deployment\n",
    "apps/shop/shared/notes.yaml": "a namespace's name, not a path\n",
    "components/quota/kustomization.yaml": "kind: Component\nresources: [quota.yaml]\n",
    "components/quota/quota.yaml": "kind: ResourceQuota\n",
    "charts/cache/Chart.yaml": "name: cache\ndependencies: [{name: lib, repository: 'file://../lib'}]\n",
    "charts/cache/values.yaml": "a: 1\n",
    "charts/cache/templates/a.yaml": "kind: ConfigMap\n",
    "charts/lib/Chart.yaml": "name: lib\n",
    "charts/lib/templates/_names.tpl": "name\n",
    "apps/plain/gitless.yaml": (
        "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: plain\nsources: [{path: manifests}]\n"
        "validation: {policies: [../../policies]}\ntrust: {keys: [release.pub]}\n"
    ),
    "apps/plain/manifests/a.yaml": "kind: Namespace\n",
    "apps/plain/release.pub": "key\n",
    "policies/a.yaml": "kind: ValidatingAdmissionPolicy\n",
    "README.md": "not read by anybody\n",
}
SHOP = "apps/shop/gitless.yaml"
STAGING, PRODUCTION, PLAIN = (SHOP, "staging"), (SHOP, "production"), ("apps/plain/gitless.yaml", "")


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, content in FILES.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message=begin")
    git(tmp_path, "checkout", "--quiet", "-b", "change")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def touched(checkout: Path, capsys: Captured) -> Callable[..., dict[tuple[str, str], list[str]]]:
    def find(*arguments: str) -> dict[tuple[str, str], list[str]]:
        return {(job["file"], job["target"]): job["touchedBy"] for job in document(capsys, *arguments)["include"]}

    return find


def document(captured: Captured, *arguments: str) -> dict[str, Any]:
    captured.readouterr()
    assert run_guarded(application, ["matrix", *(arguments or ("--changed-since", "main")), "-o", "json"]) == 0
    found: dict[str, Any] = json.loads(captured.readouterr().out)
    return found


Touched = Callable[..., dict[tuple[str, str], list[str]]]


def test_without_a_revision_every_target_is_a_job(touched: Touched) -> None:
    assert list(touched(".")) == [PLAIN, STAGING, PRODUCTION]
    assert list(touched("apps/plain")) == [PLAIN]


@pytest.mark.parametrize(
    ("path", "jobs"),
    [
        ("README.md", []),
        ("apps/shop/base/web.yaml", [STAGING, PRODUCTION]),
        ("apps/shop/base/README.md", []),
        ("apps/shop/environments/staging/kustomization.yaml", [STAGING]),
        ("apps/shop/environments/production/notes", []),
        ("apps/shop/environments/production/files/site.conf", [PRODUCTION]),
        ("apps/shop/environments/production/files/env", [PRODUCTION]),
        ("apps/shop/patches/cpu.yaml", [PRODUCTION]),
        ("apps/shop/shared/notes.yaml", []),
        ("apps/shop/staging.yaml", [STAGING]),
        ("apps/shop/images.lock.yaml", [STAGING, PRODUCTION]),
        ("components/quota/quota.yaml", [STAGING]),
        ("charts/cache/templates/new.yaml", [STAGING]),
        ("charts/lib/templates/_names.tpl", [STAGING]),
        ("apps/plain/manifests/deeper/b.yaml", [PLAIN]),
        ("apps/plain/release.pub", [PLAIN]),
        ("policies/b.yaml", [PLAIN]),
    ],
)
@pytest.mark.parametrize("is_committed", [True, False])
def test_a_file_touches_what_is_built_from_it(
    checkout: Path, touched: Touched, path: str, jobs: list[tuple[str, str]], *, is_committed: bool
) -> None:
    file = checkout / path
    file.parent.mkdir(parents=True, exist_ok=True)
    old = file.read_text() if file.exists() else ""
    file.write_text(f"{old}# changed\n")
    if is_committed:
        git(checkout, "add", ".")
        git(checkout, "commit", "--quiet", "--message=change")

    assert touched() == {job: [path] for job in jobs}


def test_settings_touch_the_targets_that_they_are_about(checkout: Path, touched: Touched) -> None:
    settings = checkout / SHOP
    settings.write_text(settings.read_text().replace("namespace: shared", "namespace: other"))
    assert touched() == {PRODUCTION: [f"{SHOP} (settings)"]}

    settings.write_text(settings.read_text().replace("tags: [latest]", "tags: [newest]"))
    assert list(touched()) == [STAGING, PRODUCTION]


def test_what_was_deleted_or_moved_touches_too(checkout: Path, touched: Touched) -> None:
    git(checkout, "mv", "charts/cache/values.yaml", "apps/plain/manifests/values.yaml")
    git(checkout, "rm", "--quiet", "apps/shop/patches/cpu.yaml")

    assert touched() == {
        PLAIN: ["apps/plain/manifests/values.yaml"],
        STAGING: ["charts/cache/values.yaml"],
        PRODUCTION: ["apps/shop/patches/cpu.yaml"],
    }


def test_only_what_this_branch_changed_counts(checkout: Path, touched: Touched) -> None:
    git(checkout, "checkout", "--quiet", "main")
    (checkout / "apps/shop/base/web.yaml").write_text("kind: StatefulSet\n")
    git(checkout, "commit", "--quiet", "--all", "--message=meanwhile")
    git(checkout, "checkout", "--quiet", "change")

    assert touched() == {}


def test_a_new_branch_has_no_commit_before_it(checkout: Path, touched: Touched) -> None:
    assert list(touched("--changed-since", "0" * 40)) == [PLAIN, STAGING, PRODUCTION]


def test_github_gets_a_matrix(checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    outputs = checkout / "outputs"
    monkeypatch.setenv("GITHUB_OUTPUT", str(outputs))
    (checkout / "apps/shop/staging.yaml").write_text("replicas: 2\n")

    assert run_guarded(application, ["matrix", "--changed-since", "main", "--ci", "github"]) == 0

    text = outputs.read_text()
    assert f'[{{"name":"shop","file":"{SHOP}","target":"staging"}}]' in text
    assert "any" in text
    assert "true" in text
    assert f"{SHOP} staging: apps/shop/staging.yaml" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("revision", "told"), [("nowhere", "there is no revision 'nowhere'"), ("--output=x", "there is no revision")]
)
def test_a_revision_that_is_not_there_is_refused(checkout: Path, capsys: Captured, revision: str, told: str) -> None:
    assert run_guarded(application, ["matrix", f"--changed-since={revision}"]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert "fetch-depth: 0" in error


def test_history_that_is_too_short_is_told(checkout: Path, tmp_path: Path, capsys: Captured) -> None:
    git(checkout, "checkout", "--quiet", "--orphan", "apart")
    git(checkout, "commit", "--quiet", "--message=apart")

    assert run_guarded(application, ["matrix", "--changed-since", "main"]) == 2
    assert "too little history" in capsys.readouterr().err


def test_a_folder_outside_of_any_checkout_is_refused(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "apps").mkdir()

    assert run_guarded(application, ["matrix", str(tmp_path / "apps")]) == 2
    assert "in no Git checkout" in capsys.readouterr().err


def test_broken_settings_are_named_with_their_line(checkout: Path, capsys: Captured) -> None:
    (checkout / SHOP).write_text("apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\nnames: x\n")

    assert run_guarded(application, ["matrix"]) == 2
    assert f"{SHOP}:4: unknown key 'names'" in capsys.readouterr().err


def test_a_source_that_does_not_exist_is_warned_of_once(checkout: Path, capsys: Captured) -> None:
    (checkout / SHOP).write_text(
        "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\n"
        "sources: [{path: environments/lost}, {path: ../../charts/cache, helm: {values: [lost.yaml, staging.yaml]}}]\n"
        "targets: {staging: {}, production: {}, edge: {sources: [{path: base}, {path: /elsewhere}]}}\n"
    )

    assert run_guarded(application, ["matrix", "--changed-since", "main"]) == 0
    told = capsys.readouterr().err
    assert told.count("does not exist") == 2
    for path in ("environments/lost", "lost.yaml"):
        assert f"{SHOP}: '{path}' does not exist in this checkout; staging, production cannot be built" in told


def test_what_several_targets_are_built_from_is_read_once(
    checkout: Path, touched: Touched, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    really = GitCheckout.read

    def counted(self: GitCheckout, path: str) -> bytes | None:
        read.append(path)
        return really(self, path)

    monkeypatch.setattr(GitCheckout, "read", counted)
    (checkout / "apps/shop/base/web.yaml").write_text("kind: Deployment # changed\n")

    assert set(touched()) == {STAGING, PRODUCTION}
    assert read.count("apps/shop/base/kustomization.yaml") == 1
