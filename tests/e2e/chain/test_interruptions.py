"""Applies that are killed, and applies that meet: the next run makes it whole, and nothing is lost on the way."""

from __future__ import annotations

import random
import subprocess
import time

import pytest

from tests.e2e.chain.conftest import Document, Project

pytestmark = [pytest.mark.cluster, pytest.mark.registry]

REFUSED = 9
BOTH_WAYS = ("--allow-rollback", "--override", "max-prune")
"""Whichever of the two was signed first, each is applied over the other, and half of the objects go."""
# Two releases with objects in common and objects of their own.
RELEASES = {"blue": range(20), "green": range(10, 30)}


@pytest.fixture
def releases(project: Project) -> dict[str, str]:
    """Color to digestUrl."""
    urls = {}
    for color in RELEASES:
        project.write(*bodies(project, color))
        urls[color] = project.publish()
    return urls


def bodies(project: Project, color: str) -> list[Document]:
    return [project.settings(f"settings-{number:02}", color=color) for number in RELEASES[color]]


def test_whenever_an_apply_is_killed_the_next_one_finishes_and_prunes(
    project: Project, releases: dict[str, str]
) -> None:
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    # After that many writes: before the first, among them, after the last one (prune and record are left).
    moments = [0, 1, *dice.sample(range(2, 20), 4), 20, 20]
    unfinished = 0
    for number, moment in enumerate(moments):
        color = ("blue", "green")[number % 2]
        # A first run creates; later ones change, create and prune.
        killed(project, releases[color], after=moment, delay=dice.uniform(0, 0.05))
        unfinished += bool(known(project, "pending"))
        assert on_the_cluster(project) <= known(project, "pending") | known(project, "applied"), f"seed {seed}"

    assert unfinished > 1, f"hardly any kill came in the middle of something: seed {seed}"
    finished = project.apply(releases["blue"], *BOTH_WAYS)
    assert finished.code == 0, finished
    is_exactly(project, "blue")
    again = project.apply(releases["blue"], *BOTH_WAYS)
    assert "Nothing to do" in again.out
    assert project.verify("--no-wait").code == 0


def killed(project: Project, reference: str, *, after: int, delay: float) -> None:
    """Apply, and kill it ``delay`` seconds after that many writes; it may have ended by itself by then."""
    arguments = project.command("apply", reference, *project.place, *BOTH_WAYS, "--key", "cosign.pub", "-v")
    environment = project.environment()
    with subprocess.Popen(
        arguments, cwd=project.folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        if after == 0:
            time.sleep(0.3)
        writes = 0
        while writes < after and (line := process.stderr.readline()):
            writes += line.startswith(("create ", "configure "))
        time.sleep(delay)
        process.kill()


@pytest.mark.parametrize("head_start", [0.0, 0.3])
def test_two_pipelines_at_once_never_mix_and_lose_nothing(
    project: Project, releases: dict[str, str], head_start: float
) -> None:
    processes = []
    for color in RELEASES:
        processes.append(start(project, releases[color]))
        time.sleep(head_start)
    outcomes = [(process.communicate(timeout=60), process.returncode) for process in processes]

    assert {code for _, code in outcomes} <= {0, REFUSED}, outcomes
    assert 0 in {code for _, code in outcomes}, outcomes
    for (_, said), code in outcomes:
        project.said.append(said)
        assert code == 0 or "another apply" in said, outcomes
    assert on_the_cluster(project) <= known(project, "pending") | known(project, "applied"), outcomes
    after = project.apply(releases["green"], *BOTH_WAYS)
    assert after.code == 0, (after, outcomes)
    is_exactly(project, "green")


def start(project: Project, reference: str) -> subprocess.Popen[str]:
    arguments = project.command("apply", reference, *project.place, *BOTH_WAYS, "--key", "cosign.pub", "-v")
    return subprocess.Popen(
        arguments,
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def on_the_cluster(project: Project) -> set[str]:
    return {name.partition("/")[2] for name in project.objects()}


def known(project: Project, part: str) -> set[str]:
    """Names of what the inventory lists as applied or pending; nothing where there is no inventory yet."""
    if "gitless-inventory" not in project.kubectl("get", "configmaps", "-oname"):
        return set()
    return {name for _group, _kind, _namespace, name, *_ in project.inventory()[part]}


def is_exactly(project: Project, color: str) -> None:
    """The cluster has this release as if nothing else had ever been there."""
    wanted = {body["metadata"]["name"]: body["data"] for body in bodies(project, color)}
    found = {item["metadata"]["name"]: item["data"] for item in project.objects().values()}
    assert found == wanted
    assert known(project, "applied") == set(wanted)
    assert known(project, "pending") == set()
