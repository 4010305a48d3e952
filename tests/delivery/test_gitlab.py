"""GitLab's components, held against the program and run as GitLab's runner would."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.delivery.gitlab import TEMPLATES, Project
from tests.delivery.gitlab_templates import COMPONENTS, templates
from tests.delivery.stage_inputs import inputs
from tests.unit.sign.support import private_key

DEPLOY = {"deploy/a.yaml": "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n"}


def test_templates_are_what_the_program_has_now() -> None:
    assert {file.name: file.read_text() for file in TEMPLATES.iterdir()} == templates()


@pytest.mark.parametrize("command", COMPONENTS)
def test_every_option_is_an_input_and_every_input_a_variable(command: str) -> None:
    head, jobs = yaml.safe_load_all((TEMPLATES / f"{command}.yml").read_text())
    declared, (job,) = head["spec"]["inputs"], jobs.values()

    assert set(declared) == {item.name for item in inputs(command)} | {"as", "stage", "image", "working-directory"}
    assert all(entry["description"] for entry in declared.values())
    used = set(re.findall(r"\$\[\[ inputs\.([a-z-]+) \]\]", json.dumps([jobs, job])))
    assert used == set(declared)
    assert not re.search(r"\$\[\[|\$CI", json.dumps(job["script"]))
    assert re.fullmatch(r"ghcr\.io/gitless/gitless@sha256:[0-9a-f]{64}", declared["image"]["default"])


def _pipeline(*includes: dict[str, Any]) -> dict[str, str]:
    return {".gitlab-ci.yml": yaml.safe_dump({"include": list(includes)})}


def _component(command: str, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - texts and booleans
    return {
        "local": f"templates/{command}.yml",
        "inputs": {name.replace("_", "-"): value for name, value in given.items()},
    }


def test_gitlabs_schema_takes_all_of_them(tmp_path: Path) -> None:
    required = {
        command: {item.name.replace("-", "_"): "x" for item in inputs(command) if item.is_required}
        for command in COMPONENTS
    }
    project = Project(tmp_path, _pipeline(*(_component(command, **given) for command, given in required.items())))

    done = project.run("--list-json")

    assert done.returncode == 0, done.stderr
    jobs = json.loads(done.stdout)
    assert {job["name"] for job in jobs} == {f"gitless-{command}" for command in COMPONENTS}


def test_a_job_publishes_and_the_next_one_signs_that_very_digest(tmp_path: Path) -> None:
    key = tmp_path / "release.key"
    key.write_bytes(private_key("release").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    project = Project(
        tmp_path / "project",
        {
            **DEPLOY,
            **_pipeline(
                _component("package", path="deploy", repository="oci-layout:out", tags="1.4.2\nlatest\n"),
                _component("sign", stage=".post", key=str(key)),
            ),
        },
    )

    done = project.run("gitless-package", "gitless-sign", "--no-shell-isolation")

    assert done.returncode == 0, done.stdout + done.stderr
    index = json.loads((tmp_path / "project/out/index.json").read_text())["manifests"]
    tags = {entry["annotations"]["org.opencontainers.image.ref.name"]: entry["digest"]
            for entry in index if "annotations" in entry}  # fmt: skip
    assert tags["1.4.2"] == tags["latest"]
    assert f"signed oci-layout:out@{tags['latest']}" in done.stdout.casefold()


HOSTILE = 'it\'s "a" $(touch pwned) `touch pwned` ; touch pwned # && | > \\ \n::set-output name=x::y'


def test_values_are_never_part_of_the_script(tmp_path: Path) -> None:
    names = ("path", "repository", "source", "annotations", "ignore_paths", "working_directory")
    jobs = (
        _component("package", **{"as": name, "path": "deploy", "repository": f"oci-layout:{name}", name: HOSTILE})
        for name in names
    )
    project = Project(tmp_path, {**DEPLOY, **_pipeline(*jobs)})

    done = project.run(*names, "--no-shell-isolation")

    assert list(tmp_path.rglob("pwned")) == []
    ended = {name: how for how, name in re.findall(r"^ (PASS|FAIL)  (\S+) *$", done.stdout, re.MULTILINE)}
    assert ended == {name: "PASS" if name == "source" else "FAIL" for name in names}, done.stdout + done.stderr
