"""What can be wrong with input, rights and reach: one message with what to do, the right exit code, nothing written."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import Outcome
from tests.e2e.chain.conftest import Document, Project
from tests.platform import control_plane as platform
from tests.platform.ports import free_port

pytestmark = [pytest.mark.cluster, pytest.mark.registry]

CONFIGURATION, REGISTRY, CLUSTER, MANIFEST, REFUSED = 2, 5, 6, 8, 9
PRIVATE = "swordfish-1234"


def attempt(project: Project, *arguments: str) -> Outcome:
    return project.gitless("run", "--target", "staging", *arguments)


def fails(outcome: Outcome, code: int, *words: str) -> None:
    """With that code, and one message that has these words."""
    assert outcome.code == code, outcome
    errors = [line for line in outcome.err.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1, outcome
    assert not outcome.err.partition("Error: ")[2].startswith("a bug"), outcome
    for word in words:
        assert word in outcome.out + outcome.err, outcome
    for value in (PRIVATE, base64.b64encode(PRIVATE.encode()).decode()):
        assert value not in outcome.out + outcome.err


def nothing_written(project: Project) -> None:
    assert "gitless" not in project.kubectl("get", "configmaps,secrets")
    assert project.objects("configmaps,secrets") == {}


def secret(project: Project, **parts: object) -> Document:
    metadata = {"name": "credentials", "namespace": project.name}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, **parts}


def of_unknown_kind(project: Project) -> Document:
    metadata = {"name": "one", "namespace": project.name}
    return {"apiVersion": "absent.example/v1", "kind": "Widget", "metadata": metadata}


def in_an_absent_namespace(project: Project) -> Document:
    body = project.settings("elsewhere")
    body["metadata"]["namespace"] = "absent"
    return body


def too_large(project: Project) -> Document:
    return secret(project, stringData={"password": PRIVATE * 80_000})


def badly_encoded(project: Project) -> Document:
    return secret(project, data={"password": PRIVATE + "!"})


def with_an_unknown_field(project: Project) -> Document:
    return {**project.settings("typo"), "dataa": {"color": "blue"}}


def with_an_invalid_name(project: Project) -> Document:
    return project.settings("Not_A_Name")


@pytest.mark.parametrize(
    ("made", "code", "words"),
    [
        (of_unknown_kind, CLUSTER, ("Widget", "CustomResourceDefinition")),
        (in_an_absent_namespace, CLUSTER, ("ConfigMap absent/elsewhere", "create namespace absent")),
        (too_large, CLUSTER, ("Secret", "credentials", "1 MiB")),
        (badly_encoded, CLUSTER, ("Secret", "credentials", "base64")),
        (with_an_unknown_field, CLUSTER, ("ConfigMap", "typo", "dataa")),
        (with_an_invalid_name, CLUSTER, ("Not_A_Name",)),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_one_wrong_object_keeps_all_from_being_applied(
    project: Project, made: Callable[[Project], Document], code: int, words: tuple[str, ...]
) -> None:
    project.write(project.settings(), made(project))

    fails(attempt(project, "-v"), code, *words)

    nothing_written(project)


def test_without_a_report_the_message_names_what_is_in_the_way(project: Project) -> None:
    project.write(of_unknown_kind(project), in_an_absent_namespace(project))

    outcome = attempt(project, "-o", "json")

    fails(outcome, CLUSTER, "Widget", "create namespace absent")
    assert outcome.out == ""


def test_an_immutable_field_is_refused_and_replaced_only_when_asked(project: Project) -> None:
    project.write({**project.settings(color="blue"), "immutable": True})
    project.run()
    (before,) = project.objects().values()
    project.write({**project.settings(color="green"), "immutable": True}, project.settings("new"))

    fails(attempt(project), REFUSED, "ConfigMap", "settings", "data", "--recreate")

    assert list(project.objects().values()) == [before]
    project.run("--recreate")
    after = project.objects()
    assert after["ConfigMap/settings"]["data"] == {"color": "green"}
    assert after["ConfigMap/settings"]["metadata"]["uid"] != before["metadata"]["uid"]
    assert "ConfigMap/new" in after


def test_who_has_no_rights_is_told_which_one_is_missing(project: Project, control_plane: platform.Cluster) -> None:
    project.write(project.settings())
    nobody = control_plane.user("nobody-in-particular")

    fails(attempt(project, "--kubeconfig", str(nobody)), CLUSTER, "nobody-in-particular may not", "configmaps", "Role")

    nothing_written(project)


def test_who_may_do_all_but_write_one_kind_has_written_nothing(
    project: Project, control_plane: platform.Cluster
) -> None:
    user = f"half-{project.name}"
    project.kubectl("create", "role", "half", "--verb=*", "--resource=configmaps")
    project.kubectl("create", "rolebinding", "half", "--role=half", f"--user={user}")
    project.write(project.settings(), secret(project, stringData={"password": PRIVATE}))

    outcome = attempt(project, "--kubeconfig", str(control_plane.user(user)))

    fails(outcome, CLUSTER, f"{user} may not", "secrets")
    nothing_written(project)


@pytest.fixture
def elsewhere(project: Project, tmp_path: Path) -> Callable[[str], str]:
    """A kubeconfig like the project's with another server."""

    def write(server: str) -> str:
        document = json.loads(project.kubeconfig.read_text())
        document["clusters"][0]["cluster"]["server"] = server
        path = tmp_path / "elsewhere"
        path.write_text(json.dumps(document))
        return str(path)

    return write


def test_a_cluster_that_does_not_answer_is_named(project: Project, elsewhere: Callable[[str], str]) -> None:
    project.write(project.settings())
    server = f"https://127.0.0.1:{free_port()}"

    fails(attempt(project, "--kubeconfig", elsewhere(server)), CLUSTER, server)


def test_a_registry_that_does_not_answer_is_named(project: Project) -> None:
    project.write(project.settings())
    address = f"127.0.0.1:{free_port()}"

    fails(attempt(project, "--repository", f"oci://{address}/shop"), REGISTRY, address)

    nothing_written(project)


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--context", "nowhere"), CLUSTER, ("nowhere", "there are: ")),
        (("--kubeconfig", "absent"), CLUSTER, ("absent",)),
        (("--signing-key", "absent.key"), CONFIGURATION, ("absent.key",)),
        (("--key", "absent.pub"), CONFIGURATION, ("absent.pub",)),
        (("--password-file", "absent.txt"), CONFIGURATION, ("absent.txt",)),
        (("--target", "nowhere"), CONFIGURATION, ("nowhere", "staging")),
        (("--file", "absent.yaml"), CONFIGURATION, ("absent.yaml",)),
        (("--timeout", "soon"), CONFIGURATION, ("soon",)),
    ],
)
def test_a_wrong_option_is_named(
    project: Project, arguments: tuple[str, ...], code: int, words: tuple[str, ...]
) -> None:
    project.write(project.settings())

    fails(attempt(project, *arguments), code, *words)

    assert "gitless" not in project.kubectl("get", "configmaps")


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("kind: ConfigMap\n  name: [\n", MANIFEST, ("manifests/all.yaml:2",)),
        ("apiVersion: v1\nkind: ConfigMap\n", MANIFEST, ("manifests/all.yaml", "name")),
        ("- one\n- two\n", MANIFEST, ("manifests/all.yaml",)),
    ],
)
def test_a_manifest_that_cannot_be_read_is_named_with_its_line(
    project: Project, text: str, code: int, words: tuple[str, ...]
) -> None:
    project.write()
    (project.folder / "manifests" / "all.yaml").write_text(text)

    fails(attempt(project), code, *words)
