"""The platform does what tests rely on. Uses the real programs; about half a minute."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from . import reaper
from .binaries import binary
from .control_plane import ControlPlane
from .errors import PlatformError
from .processes import ProcessGroup, recorded, stop_recorded, wait_until
from .registries import Auth, DebianRegistry, ReferrersRegistry

pytestmark = [pytest.mark.cluster, pytest.mark.registry]

DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"
JOBS = "/apis/batch/v1/namespaces/default/jobs"
PODS = "/api/v1/namespaces/default/pods"


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    with ControlPlane.start(tmp_path_factory.mktemp("plane"), nodes=2) as started:
        yield started


def _run(tool: str, *arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(binary(tool)), *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def _pod(rehearse: str = "", policy: str = "Always") -> dict[str, Any]:
    marks = {"gitless.dev/rehearse": rehearse} if rehearse else {}
    spec = {"restartPolicy": policy, "containers": [{"name": "main", "image": "example/main:1"}]}
    return {"metadata": {"labels": {"app": "test", **marks}}, "spec": spec}


def _create(plane: ControlPlane, path: str, name: str, body: dict[str, Any]) -> str:
    body = {**body, "metadata": {**body.get("metadata", {}), "name": name}}
    status, answer = plane.access.request("POST", path, body)
    assert status == 201, answer
    return f"{path}/{name}"


def _conditions(plane: ControlPlane, path: str) -> dict[str, str]:
    conditions = plane.access.get(path)["status"].get("conditions", [])
    return {item["type"]: item["status"] for item in conditions}


def _waiting_reason(plane: ControlPlane, path: str) -> str | None:
    states = plane.access.get(path)["status"].get("containerStatuses", [])
    return next((item["state"].get("waiting", {}).get("reason") for item in states), None)


def test_a_deployment_becomes_ready(plane: ControlPlane) -> None:
    spec = {"replicas": 3, "selector": {"matchLabels": {"app": "test"}}, "template": _pod()}
    path = _create(plane, DEPLOYMENTS, "web", {"spec": spec})
    wait_until(lambda: plane.access.get(path)["status"].get("readyReplicas") == 3, seconds=15, what="three replicas")


@pytest.mark.parametrize(("rehearse", "outcome"), [("", "Complete"), ("crash", "Failed")])
def test_a_job_ends(plane: ControlPlane, rehearse: str, outcome: str) -> None:
    spec = {"backoffLimit": 0, "template": _pod(rehearse, "Never")}
    path = _create(plane, JOBS, f"job-{outcome.lower()}", {"spec": spec})
    wait_until(lambda: _conditions(plane, path).get(outcome) == "True", seconds=15, what=outcome)


def test_a_pod_that_rehearses_a_crash_loops(plane: ControlPlane) -> None:
    path = _create(plane, PODS, "crash", _pod("crash"))
    wait_until(lambda: _waiting_reason(plane, path) == "CrashLoopBackOff", seconds=15, what="the crash loop")
    assert _conditions(plane, path)["Ready"] == "False"


def test_a_pod_that_rehearses_never_ready_runs_unready(plane: ControlPlane) -> None:
    path = _create(plane, PODS, "never", _pod("never-ready"))
    wait_until(lambda: plane.access.get(path)["status"]["phase"] == "Running", seconds=15, what="the pod")
    assert _conditions(plane, path)["Ready"] == "False"


def test_a_slow_pod_is_not_ready_at_first(plane: ControlPlane) -> None:
    path = _create(plane, PODS, "slow", _pod("slow"))
    wait_until(lambda: "PodScheduled" in _conditions(plane, path), seconds=15, what="scheduling")
    time.sleep(1)
    assert plane.access.get(path)["status"]["phase"] == "Pending"


def test_a_deleted_pod_is_gone(plane: ControlPlane) -> None:
    path = _create(plane, PODS, "short", _pod())
    wait_until(lambda: _conditions(plane, path).get("Ready") == "True", seconds=15, what="the pod")
    plane.access.request("DELETE", path)
    wait_until(lambda: plane.access.request("GET", path)[0] == 404, seconds=15, what="its end")


def test_kubectl_reads_the_kubeconfig(plane: ControlPlane) -> None:
    assert plane.kubeconfig.stat().st_mode & 0o777 == 0o600
    done = _run("kubectl", "--kubeconfig", plane.kubeconfig, "--context", "gitless-local", "get", "nodes")
    assert "node-2" in done.stdout


def test_a_user_may_do_only_what_is_granted(plane: ControlPlane) -> None:
    kubeconfig = plane.user("reader", ["readers"])
    question = ["kubectl", "--kubeconfig", str(kubeconfig), "auth", "can-i", "list", "pods"]
    assert _run(*question).returncode == 1
    subject = {"kind": "Group", "name": "readers", "apiGroup": "rbac.authorization.k8s.io"}
    role = {"kind": "ClusterRole", "name": "view", "apiGroup": "rbac.authorization.k8s.io"}
    bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
    _create(plane, bindings, "readers", {"roleRef": role, "subjects": [subject]})
    wait_until(lambda: _run(*question).returncode == 0, seconds=10, what="the binding to count")


def test_two_control_planes_stand_side_by_side(plane: ControlPlane, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        other = pool.submit(ControlPlane.start, tmp_path, workloads=False).result()
    # Started from a thread that has ended since: it must not have gone with it.
    with other:
        path = _create(other, "/api/v1/namespaces", "apart", {})
        assert plane.access.request("GET", path)[0] == 404
        other.access.request("DELETE", path)
        wait_until(lambda: other.access.request("GET", path)[0] == 404, seconds=20, what="the end of the namespace")
    assert not other.access.answers("/readyz")


def test_a_program_that_ends_is_reported_with_its_log(tmp_path: Path) -> None:
    group = ProcessGroup(tmp_path)
    group.start("teller", ["/bin/sh", "-c", "echo the reason; exit 3"])
    with pytest.raises(PlatformError, match="ended with code 3:\nthe reason"):
        group.wait(lambda: False, seconds=10, what="nothing")
    group.stop()


def test_programs_die_with_a_killed_parent(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from tests.platform.processes import ProcessGroup\n"
        "ProcessGroup(Path(sys.argv[1])).start('sleeper', ['/bin/sleep', '60']); time.sleep(60)"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], cwd=root) as parent:
        wait_until(lambda: bool(recorded(tmp_path)), seconds=10, what="the start")
        (record,) = recorded(tmp_path)
        time.sleep(0.2)
        assert record.alive()
        os.kill(parent.pid, signal.SIGKILL)
    wait_until(lambda: not record.alive(), seconds=5, what="the end of the orphan")


def test_down_spares_a_process_that_took_over_the_number(tmp_path: Path) -> None:
    with subprocess.Popen(["/bin/sleep", "60"], start_new_session=True) as stranger:
        started = (reaper.start_time(stranger.pid) or 0) - 1
        record = {"name": "old", "pid": stranger.pid, "started": started, "program": "/bin/sleep"}
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "old.json").write_text(json.dumps(record))
        assert stop_recorded(tmp_path) == []
        assert stranger.poll() is None
        stranger.kill()


def test_the_referrers_registry_answers_the_referrers_api(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("a note\n")
    with ReferrersRegistry.start(tmp_path) as registry:
        target = f"{registry.address}/example/app:1"
        for action in (["push", target], ["attach", "--artifact-type", "example/signature", target]):
            done = _run("oras", action[0], "--plain-http", *action[1:], "note.txt", cwd=tmp_path)
            assert done.returncode == 0, done.stderr
        digest = _run("oras", "resolve", "--plain-http", target).stdout.strip()
        with urllib.request.urlopen(f"http://{registry.address}/v2/example/app/referrers/{digest}") as answer:
            assert len(json.load(answer)["manifests"]) == 1


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("auth", ["none", "basic", "token"])
def test_debians_registry_takes_an_artifact(tmp_path: Path, auth: Auth, tls: bool) -> None:  # noqa: FBT001
    (tmp_path / "note.txt").write_text("a note\n")
    with DebianRegistry.start(tmp_path / "registry", auth=auth, tls=tls) as registry:
        transport = ["--ca-file", registry.ca_file] if registry.ca_file else ["--plain-http"]
        login = ["--username", registry.username, "--password", registry.password] if auth != "none" else []
        target = f"{registry.address}/example/app:1"
        done = _run("oras", "push", *transport, *login, target, "note.txt", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        if auth == "token":
            asked = {scope for request in registry.token_requests for scope in request.scopes}
            assert any("example/app" in scope and "push" in scope for scope in asked)


@pytest.mark.parametrize("auth", ["basic", "token"])
def test_debians_registry_refuses_wrong_credentials(tmp_path: Path, auth: Auth) -> None:
    with DebianRegistry.start(tmp_path, auth=auth) as registry:
        login = ["--username", registry.username, "--password", "wrong"]
        done = _run("oras", "repo", "tags", "--plain-http", *login, f"{registry.address}/example/app")
        assert done.returncode != 0
        assert "401" in done.stderr or "unauthorized" in done.stderr.lower()
