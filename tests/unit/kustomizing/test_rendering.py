from __future__ import annotations

import base64
from typing import Any

import pytest

from pipeline.errors import ManifestError, ToolError
from pipeline.model.documents.yaml_reading import read_documents
from tests.unit.kustomizing.support import CONFIG_MAP, FakeDecryptor, FakeTrees, names, render


@pytest.mark.parametrize(
    ("path", "folder"), [("", ""), (".", ""), ("./", ""), ("./a", "a"), ("a/", "a"), ("/a/b", "a/b"), ("a/../a", "a")]
)
def test_the_path_is_a_folder_of_the_artifact(path: str, folder: str) -> None:
    trees = FakeTrees()
    files = {f"{folder}/kustomization.yaml".lstrip("/"): "resources: []\n", "a/b/x.yaml": ""}
    render(files, trees=trees, path=path)
    assert trees.asked[0][1] == folder


@pytest.mark.parametrize("path", ["b", "../a", "a/../../a", "a/x.yaml", "a/x.yaml/", "a\0b"])
def test_any_other_path_is_the_artifacts_fault(path: str) -> None:
    with pytest.raises(ManifestError, match=r"spec\.path") as caught:
        render({"a/x.yaml": ""}, path=path)
    assert caught.value.code == "artifact.path"


def test_plain_manifests_are_read_without_kustomize() -> None:
    trees = FakeTrees()
    files = {
        "a/one.yaml": CONFIG_MAP % "one" + "---\n# nothing\n---\n" + CONFIG_MAP % "two",
        "a/b/.hidden.yml": "apiVersion: v1\nkind: ConfigMapList\nitems:\n- {metadata: {name: x}}\n",
        "a/b/empty.yaml": "# nothing\n",
        "a/settings.json": '{"no": "manifest"}',
        "a/README.md": "text",
        "b/broken.yaml": "{",
    }
    rendered = render(files, trees=trees, path="a")
    assert names(rendered) == ["ConfigMap one", "ConfigMap two", "ConfigMap x"]
    assert not trees.asked
    assert str(rendered.manifests.resources[0].origin) == "a/one.yaml:1"


@pytest.mark.parametrize(("value", "kept"), [("'false'", True), ("'true'", False), ("''", False), ("'x'", False)])
def test_local_configuration_is_left_out(value: str, kept: object) -> None:
    text = f"metadata: {{name: x, annotations: {{config.kubernetes.io/local-config: {value}}}}}"
    rendered = render({"x.yaml": f"apiVersion: v1\nkind: ConfigMap\n{text}\n"})
    assert bool(len(rendered.manifests)) is kept


def test_nothing_at_all_is_a_result() -> None:
    rendered = render({"README.md": ""}, namePrefix="a")
    assert len(rendered.manifests) == 0
    assert rendered.digest.startswith("sha256:")


def test_duplicates_are_refused_with_both_places() -> None:
    with pytest.raises(ManifestError, match=r"b\.yaml:1: ConfigMap x is defined twice, first at a\.yaml:1"):
        render({"a.yaml": CONFIG_MAP % "x", "b.yaml": CONFIG_MAP % "x"})


def test_what_is_no_manifest_is_refused_with_its_line() -> None:
    with pytest.raises(ManifestError, match=r"a\.yaml:3:5: "):
        render({"a.yaml": "apiVersion: v1\nkind: x\na: b: c\n"})


@pytest.mark.parametrize(
    "fields",
    [
        {"targetNamespace": "x"},
        {"namePrefix": "x"},
        {"nameSuffix": "x"},
        {"patches": [{"patch": "x"}]},
        {"images": [{"name": "x"}]},
        {"components": ["c"]},
        {"buildMetadata": ["originAnnotations"]},
    ],
)
def test_what_changes_objects_is_kustomizes_work(fields: dict[str, Any]) -> None:
    trees = FakeTrees((CONFIG_MAP % "built").encode())
    assert names(render({"a.yaml": CONFIG_MAP % "a"}, trees=trees, **fields)) == ["ConfigMap built"]


@pytest.mark.parametrize("line", ["a: yes", "a: [x, no]", "- On", "y: 1", "a: 2001-02-03", "a: &b off", "{a: N}"])
def test_so_are_words_that_readers_disagree_about(line: str) -> None:
    trees = FakeTrees()
    render({"a.yaml": f"{CONFIG_MAP % 'a'}\n{line}\n"}, trees=trees)
    assert trees.asked


@pytest.mark.parametrize(
    "line", ["a: yesterday", "a: 'yes'", "# no", "a: there is no end", "a: v2001-02-03", "on-call: x"]
)
def test_other_words_are_not(line: str) -> None:
    trees = FakeTrees()
    render({"a.yaml": f"{CONFIG_MAP % 'a'}\n{line}\n"}, trees=trees)
    assert not trees.asked


def test_kustomizes_complaint_is_replaced_by_the_place_of_what_is_no_yaml() -> None:
    trees = FakeTrees(error=ToolError("kustomize failed", code="tool.failed"))
    with pytest.raises(ManifestError, match=r"a/bad\.yaml:1:"):
        render({"a/bad.yaml": "a: b: c\n", "a/kustomization.yaml": "resources: [bad.yaml]\n"}, trees=trees, path="a")
    with pytest.raises(ToolError, match="kustomize failed"):
        render({"a.yaml": "a: b\n", "kustomization.yaml": "resources: [a.yaml]\n"}, trees=trees)


def test_variables_are_put_in_after_the_build() -> None:
    text = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: '${app}'}\nspec: {replicas: '${n}', list: '${l}'}\n"
    rendered = render(
        {"a.yaml": text}, variables={"app": "shop", "n": "8", "l": "[a, 1]"}, postBuild={"substitute": {"app": "shop"}}
    )
    assert rendered.manifests.resources[0].body["spec"] == {"replicas": 8, "list": ["a", 1]}
    assert names(rendered) == ["Deployment.apps shop"]


def test_without_variables_dollars_stay_unless_always_is_asked_for() -> None:
    files = {"a.yaml": CONFIG_MAP % "a" + "data: {a: '${x:=d} $$'}\n"}

    def data(**fields: Any) -> object:  # noqa: ANN401 - a spec's fields
        return render(files, variables=fields.pop("variables", {}), **fields).manifests.resources[0].body["data"]

    assert data(postBuild={}) == {"a": "${x:=d} $$"}
    assert data(postBuild={"substituteStrategy": "Always"}) == {"a": "d $"}
    assert data(variables=None) == {"a": "${x:=d} $$"}


def test_common_metadata_wins_and_stays_off_pod_templates() -> None:
    text = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, labels: {team: a, app: b}}\n"
        "spec: {template: {metadata: {labels: {app: b}}}}\n"
    )
    metadata = {"labels": {"team": "x"}, "annotations": {"note": "y"}}
    (resource,) = render({"a.yaml": text}, commonMetadata=metadata).manifests
    assert resource.body["metadata"]["labels"] == {"team": "x", "app": "b"}
    assert resource.body["metadata"]["annotations"] == {"note": "y"}
    assert resource.body["spec"]["template"]["metadata"] == {"labels": {"app": "b"}}


def test_the_digest_is_that_of_the_objects_alone() -> None:
    one = render({"a.yaml": CONFIG_MAP % "a", "b.yaml": CONFIG_MAP % "b"})
    same = render({"x/all.yaml": f"# a comment\n{CONFIG_MAP % 'b'}---\n{CONFIG_MAP % 'a'}"})
    assert one.digest == same.digest != render({"a.yaml": CONFIG_MAP % "a"}).digest


_SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s%s}\nstringData: {a: ENC b}\nsops: {mac: m}\n"
_SOPS = {"provider": "sops", "secretRef": {"name": "keys"}}


def test_an_encrypted_secret_is_decrypted() -> None:
    (secret,) = render({"a.yaml": _SECRET % ""}, decryptor=FakeDecryptor(), decryption=_SOPS).manifests
    assert secret.body["stringData"] == {"a": "b"}
    assert "sops" not in secret.body
    assert str(secret.origin) == "a.yaml:1"


def test_an_encrypted_secret_needs_decryption() -> None:
    with pytest.raises(ManifestError, match=r"Secret s \(a\.yaml:1\) is encrypted") as caught:
        render({"a.yaml": _SECRET % ""}, decryptor=FakeDecryptor())
    assert "spec.decryption" in (caught.value.hint or "")


def test_an_encrypted_secret_may_ask_to_stay_so() -> None:
    text = _SECRET % ", annotations: {kustomize.toolkit.fluxcd.io/decrypt: Disabled}"
    for decryption in (None, _SOPS):
        (secret,) = render({"a.yaml": text}, decryptor=FakeDecryptor(), decryption=decryption).manifests
        assert "sops" in secret.body


def test_what_cannot_be_decrypted_is_named() -> None:
    with pytest.raises(ToolError, match=r"Secret s \(a\.yaml:1\): no key"):
        render({"a.yaml": _SECRET.replace("ENC b", "locked") % ""}, decryptor=FakeDecryptor(), decryption=_SOPS)


def test_values_that_a_generator_took_encrypted_are_decrypted() -> None:
    value = base64.b64encode(b"A=ENC 1\nsops_mac=ENC[x]\n").decode()
    text = f"apiVersion: v1\nkind: Secret\nmetadata: {{name: s}}\ndata: {{a.env: {value}, b: '!', c: aGk=}}\n"
    (secret,) = render({"a.yaml": text}, decryptor=FakeDecryptor(), decryption=_SOPS).manifests
    assert base64.b64decode(secret.body["data"]["a.env"]) == b"A=1\n# dotenv\n"
    assert secret.body["data"]["c"] == "aGk="


def test_files_of_generators_and_patches_are_decrypted_before_the_build() -> None:
    trees = FakeTrees()
    files = {
        "over/kustomization.yaml": "resources: [../base, https://example.com/x]\ncomponents: [../part]\n",
        "base/kustomization.yml": "secretGenerator: [{name: a, files: [key=f.bin], envs: [e.env, plain]}]\n",
        "part/kustomization.yaml": "kind: Component\npatches: [{path: p.yaml}, {path: q.yaml}]\n",
        "base/f.bin": '{"data": "ENC 1","sops":{"mac": "ENC[x]"}}',
        "base/e.env": "A=ENC 1\nsops_mac=ENC[x]\n",
        "base/plain": "A=1\n",
        "part/p.yaml": "a: ENC b\nsops:\n  mac: ENC[x]\n",
        "part/q.yaml": "a: b\n",
        "other.env": "sops_mac=ENC[x]\n",
    }
    render(files, trees=trees, decryptor=FakeDecryptor(), decryption=_SOPS, path="over")
    given = trees.asked[0][0]
    assert given["base/e.env"] == b"A=1\n# dotenv\n"
    assert given["part/p.yaml"] == b"a: b\n# yaml\n"
    assert given["base/f.bin"] != files["base/f.bin"].encode()
    assert {path for path in files if given[path] == files[path].encode()} == {
        "base/kustomization.yml", "part/kustomization.yaml", "base/plain", "part/q.yaml", "other.env",
    }  # fmt: skip


def test_encrypted_files_have_a_limit() -> None:
    text = f"A={'x' * 5 * 1024**2}\nsops_mac=ENC[x]\n"
    files = {"kustomization.yaml": "secretGenerator: [{name: a, envs: [e.env]}]\n", "e.env": text}
    with pytest.raises(ManifestError, match=r"e\.env: an encrypted file of"):
        render(files, decryptor=FakeDecryptor(), decryption=_SOPS)


def test_a_field_that_kustomizations_lack_is_told_and_left_out() -> None:
    trees = FakeTrees()
    rendered = render({"kustomization.yaml": "resorces: [a]\nresources: [b]\n"}, trees=trees)
    assert rendered.warnings == ("kustomization.yaml: kustomizations have no field 'resorces'",)
    ((content, _),) = read_documents(trees.asked[0][0]["kustomization.yaml"], "x")
    assert content["resources"] == ["b"]
    assert "resorces" not in content
