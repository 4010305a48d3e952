"""Tags are locked to digests of a real registry, checked against it, and put into builds."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

import pytest
import yaml

from pipeline.ports import Registry
from tests.contract.registry.servers import open_registry, options, server
from tests.images import push_image
from tests.integration.images.conftest import Gitless, deployment
from tests.unit.sign.support import private_key, public_pem

pytestmark = [pytest.mark.registry]


def test_a_lock_holds_until_a_tag_moves(web: Registry, folder: Path, gitless: Gitless) -> None:
    first, other = push_image(web, "1.0", "latest"), push_image(web, "2.0")
    name = web.repository.name
    (folder / "app.yaml").write_text(deployment(f"{name}:1.0", name, f"{name}:2.0@{other}"))

    locked = gitless("images", "lock", ".", "-o", "json")

    assert (locked.code, locked.err) == (0, "")
    document = yaml.safe_load((folder / "images.lock.yaml").read_text())
    assert document["images"] == [{"image": name, "digest": first}, {"image": f"{name}:1.0", "digest": first}]
    assert [entry["change"] for entry in locked.document["images"]] == ["added", "added"]
    assert locked.document["pinned"] == 1
    assert gitless("images", "check", ".", "--exit-code").code == 0

    moved = push_image(web, "1.0", content="moved")
    checked = gitless("images", "check", ".", "--exit-code", "-o", "json")

    assert checked.code == 3
    [problem] = checked.document["problems"]
    assert (problem["problem"], problem["image"], problem["locked"], problem["found"]) == (
        "stale",
        f"{name}:1.0",
        first,
        moved,
    )
    assert (problem["objects"][0]["name"], problem["objects"][0]["file"], problem["objects"][0]["line"]) == (
        "web",
        "app.yaml",
        1,
    )
    built = gitless("build", ".")
    images = [item["image"] for item in yaml.safe_load(built.out)["spec"]["template"]["spec"]["containers"]]
    assert images == [f"{name}:1.0@{first}", f"{name}@{first}", f"{name}:2.0@{other}"]


def test_everything_that_does_not_fit_is_told(web: Registry, folder: Path, gitless: Gitless) -> None:
    push_image(web, "1.0")
    name = web.repository.name
    (folder / "app.yaml").write_text(deployment(f"{name}:1.0"))
    assert gitless("images", "lock", "app.yaml").code == 0
    (folder / "app.yaml").write_text(deployment(f"{name}:1.1", f"{name}:9", "Not An Image"))
    push_image(web, "1.1")

    result = gitless("images", "check", "app.yaml")

    assert result.code == 0
    assert f"missing {name}:1.1" in result.out
    assert f"gone {name}:9" in result.out
    assert "unreadable Not An Image" in result.out
    assert f"unused {name}:1.0" in result.out
    assert "1 gone, 1 missing, 1 unreadable, 1 unused" in result.out
    markdown = gitless("images", "check", "app.yaml", "-o", "markdown").out
    assert "### Images: 1 gone, 1 missing, 1 unreadable, 1 unused" in markdown
    assert f"`{name}:1.1`" in markdown


def test_what_cannot_be_locked_is_an_error_and_the_rest_is_locked(
    web: Registry, folder: Path, gitless: Gitless
) -> None:
    digest = push_image(web, "1.0")
    name = web.repository.name
    (folder / "app.yaml").write_text(deployment(f"{name}:1.0", f"{name}:9"))

    result = gitless("images", "lock", "app.yaml")

    assert result.code == 5
    assert f"not locked, because no registry has them: {name}:9" in result.err
    assert yaml.safe_load((folder / "images.lock.yaml").read_text())["images"] == [
        {"image": f"{name}:1.0", "digest": digest}
    ]
    assert "pinned by" not in gitless("build", "app.yaml").out
    refused = gitless("build", "app.yaml", "--require-lock")
    assert (refused.code, f"images.lock.yaml does not have {name}:9" in refused.err) == (9, True)
    assert refused.out == ""


def test_entries_of_other_targets_stay_unless_they_are_pruned(web: Registry, folder: Path, gitless: Gitless) -> None:
    push_image(web, "1.0", "2.0")
    name = web.repository.name
    for number in (1, 2):
        (folder / f"app{number}.yaml").write_text(deployment(f"{name}:{number}.0"))
    (folder / "gitless.yaml").write_text(
        "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\nimages: {lock: locks/all.yaml}\n"
        "targets:\n  one: {sources: [{path: app1.yaml}]}\n  two: {sources: [{path: app2.yaml}]}\n"
    )
    lock = folder / "locks" / "all.yaml"

    def images() -> list[str]:
        return [entry["image"] for entry in yaml.safe_load(lock.read_text())["images"]]

    assert gitless("images", "lock").code == 0
    assert images() == [f"{name}:1.0", f"{name}:2.0"]
    assert gitless("images", "lock", "--target", "one").code == 0
    assert images() == [f"{name}:1.0", f"{name}:2.0"]
    assert gitless("images", "lock", "--target", "one", "--prune").code == 0
    assert images() == [f"{name}:1.0"]


def test_a_password_goes_to_one_registry_only(
    web: Registry, folder: Path, gitless: Gitless, monkeypatch: pytest.MonkeyPatch
) -> None:
    import io

    push_image(web, "1.0")
    other = open_registry(server("none"), "images-other/web")
    push_image(other, "1.0")
    (folder / "app.yaml").write_text(deployment(f"{web.repository.name}:1.0", f"{other.repository.name}:1.0"))
    monkeypatch.setattr("sys.stdin", io.StringIO("secret\n"))

    result = gitless("images", "lock", "app.yaml", "--username", "robot", "--password-stdin")

    assert result.code == 2
    assert "--username is for one registry" in result.err
    assert gitless("images", "lock", "app.yaml").code == 0


def test_each_registry_gets_its_own_login(folder: Path, gitless: Gitless, monkeypatch: pytest.MonkeyPatch) -> None:
    names, auths = [], {}
    for kind in ("basic", "token", "none"):
        running = server(kind)
        private = open_registry(running, "images-private/web")
        push_image(private, "1.0")
        names.append(f"{private.repository.name}:1.0")
        if kind != "none":
            login = f"{options(running).username}:{options(running).password}"
            auths[running.address] = {"auth": base64.b64encode(login.encode()).decode()}
    (folder / "app.yaml").write_text(deployment(*names))
    (folder / "config.json").write_text(json.dumps({"auths": auths}))

    denied = gitless("images", "lock", "app.yaml")
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    locked = gitless("images", "lock", "app.yaml", "-o", "json")

    assert (denied.code, locked.code) == (5, 0)
    assert sorted(entry["image"] for entry in locked.document["images"]) == sorted(names)


def test_a_run_publishes_what_is_locked_and_says_so(web: Registry, folder: Path, gitless: Gitless) -> None:
    digest = push_image(web, "1.0")
    name = web.repository.name
    (folder / "app.yaml").write_text(deployment(f"{name}:1.0"))
    (folder / "gitless.yaml").write_text(
        "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\nsources: [{path: app.yaml}]\n"
        "artifact: {repository: 'oci-layout:out', tags: [live]}\nimages: {require: true}\n"
        "validation: {gates: [lint], rules: {image-digest: error}}\n"
    )

    refused = gitless("run", "--to", "package")
    assert (refused.code, f"does not have {name}:1.0" in refused.err) == (9, True)

    assert gitless("images", "lock").code == 0
    ran = gitless("run", "--to", "package", "-o", "json")

    assert ran.code == 0, ran.err
    build = ran.document["stages"][0]["result"]
    assert {"kind": "image", "name": name, "version": "1.0", "digest": digest, "source": None} in build["materials"]
    assert [item["name"] for item in build["materials"] if item["kind"] == "file"] == ["images.lock.yaml"]
    assert gitless("diff", "oci-layout:out:live", "app.yaml", "--exit-code").code == 0
    assert gitless("validate", "--rule", "image-digest=error").code == 0
    assert build["images"]["images"][0]["pinned"] == f"{name}:1.0@{digest}"


def test_provenance_names_the_locked_images_and_the_lock(web: Registry, folder: Path, gitless: Gitless) -> None:
    from cryptography.hazmat.primitives import serialization

    digest = push_image(web, "1.0")
    name = web.repository.name
    key = private_key("ours")
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "cosign.key").write_bytes(pem)
    (folder / "cosign.pub").write_text(public_pem(key))
    (folder / "app.yaml").write_text(deployment(f"{name}:1.0"))
    (folder / "gitless.yaml").write_text(
        "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\nsources: [{path: app.yaml}]\n"
        "artifact: {repository: 'oci-layout:out', tags: [live]}\nsigning: {key: cosign.key}\n"
        "attestations: {sbom: []}\ntrust: {keys: [cosign.pub]}\n"
    )
    assert gitless("images", "lock").code == 0
    lock = hashlib.sha256((folder / "images.lock.yaml").read_bytes()).hexdigest()

    assert gitless("run", "--to", "attest").code == 0
    inspected = gitless("inspect", "oci-layout:out:live", "-o", "json").document

    text = json.dumps(inspected["attestations"])
    assert f'"sha256": "{digest.removeprefix("sha256:")}"' in text
    assert "images.lock.yaml" in text
    assert f'"sha256": "{lock}"' in text


def test_policies_choose_for_one_build_alone(web: Registry, folder: Path, gitless: Gitless) -> None:
    push_image(web, "1.0.0")
    newest = push_image(web, "1.3.0")
    push_image(web, "2.0.0")
    name = web.repository.name
    (folder / "app.yaml").write_text(deployment(f"{name}:1.0.0"))
    (folder / "policies.yaml").write_text(
        "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImageRepository\nmetadata: {name: web, namespace: apps}\n"
        f"spec: {{image: '{name}', interval: 1h}}\n---\n"
        "apiVersion: image.toolkit.fluxcd.io/v1\nkind: ImagePolicy\nmetadata: {name: web, namespace: apps}\n"
        "spec: {imageRepositoryRef: {name: web}, policy: {semver: {range: 1.x}}}\n"
    )

    behind = gitless("images", "check", "app.yaml", "--policies", "policies.yaml", "-o", "json")
    built = gitless("build", "app.yaml", "--update-images", "--policies", "policies.yaml")

    assert [item["problem"] for item in behind.document["problems"]] == ["missing", "outdated"]
    assert behind.document["problems"][1]["found"] == f"{name}:1.3.0"
    assert f"image: {name}:1.3.0@{newest}\n" in built.out
    assert f"{name}:1.0.0 becomes {name}:1.3.0@{newest}, by policy apps:web" in built.err
    assert not (folder / "images.lock.yaml").exists()
