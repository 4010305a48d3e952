"""The demo's steps about looking before leaping: gates, plans, guards, reports, pictures, and what is deployed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from examples.demo.chain import OVERLAY, set_frontend_tag
from examples.demo.narration import Narrator

_INVENTORY = ("--inventory", "shop", "--key", "cosign.pub")


def see_before_it_happens(tell: Narrator, registry: str) -> None:
    """Validate, plan, review, apply exactly the plan; and meet what is refused."""
    repository = f"oci://{registry}/demo/shop"
    _gates(tell)
    tell.heading("A new version is published, and planned against the cluster: how far does it reach?")
    set_frontend_tag(tell.folder, "1.6.5")
    artifact = _publish(tell, repository)
    plan = (
        "gitless", "plan", "live", artifact, *_INVENTORY, "--save", "reports/plan.json",
        "--report", "reports/plan.html", "--report", "reports/plan.md",
    )  # fmt: skip
    tell.run(*plan)
    tell.heading("Meanwhile somebody touches the cluster: the plan is stale, and nothing of it is applied")
    tell.run("kubectl", "set", "env", "deployment/frontend", "--namespace=shop", "TOUCHED=yes")
    apply = ("gitless", "apply", "--plan", "reports/plan.json", "--key", "cosign.pub")
    tell.run(*apply, expect=9)
    tell.run("kubectl", "set", "env", "deployment/frontend", "--namespace=shop", "TOUCHED-")
    tell.heading("Planned anew and applied exactly; the cluster's own key signs a record of it in the registry")
    tell.run("gitless", "keys", "generate", "--output-key-prefix", "cluster", quiet=True)
    tell.run(*plan, quiet=True)
    tell.run(*apply, "--deploy-record", "demo", "--record-signing-key", "cluster.key")
    _without_the_cluster(tell, repository)
    _half(tell, repository)
    _pictures(tell, artifact)


def _gates(tell: Narrator) -> None:
    tell.heading("Gates: schemas, CEL and our own rules look at what would be published, with file and line")
    tell.run("gitless", "validate", OVERLAY, lines=60)
    tell.heading("A typing error in a manifest does not get through")
    broken = tell.folder / "broken"
    broken.mkdir()
    text = (tell.folder / "base" / "frontend.yaml").read_text()
    (broken / "frontend.yaml").write_text(text.replace("replicas: 1", "replica: 1", 1))
    tell.run("gitless", "validate", "broken", "--gate", "schema", expect=9)


def _without_the_cluster(tell: Narrator, repository: str) -> None:
    tell.heading("A pull request's job has no access to the cluster, and compares with what is deployed all the same")
    environment = {name: value for name, value in tell.environment.items() if name != "KUBECONFIG"}
    job = replace(tell, environment={**environment, "KUBECONFIG": "/dev/null"})
    set_frontend_tag(tell.folder, "1.6.6")
    job.run("gitless", "build", OVERLAY, "charts/cache", "--helm-namespace", "shop", "--to", "out/next", quiet=True)
    believing = ("--record-repository", repository, "--record-key", "cluster.pub")
    job.run("gitless", "diff", "deployed:demo", "out/next", *believing, "--exit-code", expect=3)
    job.run("gitless", "history", "--cluster", "demo", *believing)
    set_frontend_tag(tell.folder, "1.6.5")


def _half(tell: Narrator, repository: str) -> None:
    tell.heading("An artifact that has lost more than half of its objects is refused, whoever signed it")
    tell.run("gitless", "build", "charts/cache", "--helm-namespace", "shop", "--to", "out/half", quiet=True)
    half = json.loads(tell.run("gitless", "package", "out/half", repository, "-o", "json", quiet=True))["digestUrl"]
    tell.run("gitless", "sign", half, "--key", "cosign.key", quiet=True)
    tell.run("gitless", "apply", half, *_INVENTORY, expect=9)


def _pictures(tell: Narrator, artifact: str) -> None:
    tell.heading("What hangs together with what, and how it got here, as pictures")
    for name, words in {
        "health": ("live", "--inventory", "shop"),
        "chain": (artifact, "--chain", "--key", "cosign.pub"),
    }.items():
        file = tell.folder / "reports" / f"{name}.svg"
        command = ("gitless", "graph", *words, "-o", "svg")
        tell.show(*command, ">", f"reports/{name}.svg")
        file.write_text(tell.ask(*command))
    tell.say(f"  Look at them in a browser:\n{_listed(tell.folder / 'reports')}")


def _listed(folder: Path) -> str:
    return "\n".join(f"    file://{file}" for file in sorted(folder.iterdir()) if file.suffix in {".html", ".svg"})


def _publish(tell: Narrator, repository: str) -> str:
    run = ("gitless", "run", "--target", "staging", "--repository", repository)
    tell.run(*run, "--to", "sign", "--results-dir", "results", quiet=True)
    url: str = json.loads((tell.folder / "results" / "package.json").read_text())["digestUrl"]
    return url
