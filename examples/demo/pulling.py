"""The last steps of the demo: the cluster pulls for itself what the chain publishes."""

from __future__ import annotations

import json
from pathlib import Path

from examples.demo import local_puller
from examples.demo.chain import set_frontend_tag
from examples.demo.narration import DemoError, Narrator

_KINDS = "configmaps,secrets,services,deployments,horizontalpodautoscalers,jobs,campaigns"
_COLUMNS = "KIND:.kind,NAME:.metadata.name,UID:.metadata.uid"


def cluster_pulls(tell: Narrator, registry: str, platform: Path) -> None:
    """Install the puller, hand the shop over to it, and let it keep the cluster as the signed artifact says."""
    repository = f"oci://{registry}/demo/shop"
    kubeconfig = platform / "kubeconfig"
    publish = ("gitless", "run", "--target", "staging", "--repository", repository, "--to", "sign")
    _install(tell, platform, kubeconfig)
    _hand_over(tell, repository)
    tell.heading("A new version: CI publishes, signs, and waits until its very digest is applied and healthy")
    set_frontend_tag(tell.folder, "1.7.0")
    tell.run(*publish, "--results-dir", "results", quiet=True)
    tell.run("gitless", "wait", _published(tell.folder), "--reconcile", "--timeout", "1m")
    tell.run("gitless", "trace", "deployment/frontend", "-n", "shop")
    _half(tell, repository, publish)
    tell.heading("What nobody signed is pushed to the tag: the source refuses it, and the last good state stays")
    tell.run("gitless", "package", "out/evil", f"{repository}:staging", quiet=True)
    tell.run("gitless", "reconcile", "source", "oci", "shop", expect=7)
    tell.run("gitless", "get", "all")
    tell.heading("Somebody changes the cluster by hand: corrected at the next interval, or now, from the cache")
    tell.run("kubectl", "scale", "deployment/frontend", "--namespace=shop", "--replicas=5")
    tell.run("kubectl", "delete", "service/frontend", "--namespace=shop")
    tell.run("gitless", "reconcile", "kustomization", "shop")
    tell.run("kubectl", "get", "deployment/frontend", "service/frontend", "--namespace=shop")
    _goodbye(tell)


def _half(tell: Narrator, repository: str, publish: tuple[str, ...]) -> None:
    tell.heading("A signed artifact that has lost most of its objects: nothing is deleted until somebody agrees")
    tell.run(
        "gitless", "build", "charts/cache", "--helm-namespace", "shop", "--set", "replicas=2", "--to", "out/half",
        quiet=True,
    )  # fmt: skip
    packaged = ("gitless", "package", "out/half", f"{repository}:staging", "-o", "json")
    half = json.loads(tell.run(*packaged, quiet=True))["digestUrl"]
    tell.run("gitless", "sign", half, "--key", "cosign.key", quiet=True)
    tell.run("gitless", "reconcile", "kustomization", "shop", "--with-source", expect=7)
    tell.run("kubectl", "get", "deployments", "--namespace=shop")
    tell.say("  The next version has everything again, and is applied as ever:")
    set_frontend_tag(tell.folder, "1.7.1")
    tell.run(*publish, "--results-dir", "results", quiet=True)
    tell.run("gitless", "wait", _published(tell.folder), "--reconcile", "--timeout", "1m")


def _install(tell: Narrator, platform: Path, kubeconfig: Path) -> None:
    tell.heading("From push to pull: install the puller, which serves Flux's OCIRepository and Kustomization")
    tell.run("gitless", "install", lines=8)
    tell.say(
        "The nodes here are simulated, so its pod does nothing. The same process runs on this machine in its place:"
    )
    words = local_puller.arguments(kubeconfig, platform / "puller-cache")
    tell.show("gitless", *words, "&")
    log = local_puller.start(platform, words)
    tell.say(f"  ready; its log is {log}")


def _hand_over(tell: Narrator, repository: str) -> None:
    tell.heading("Put the signed artifact back under the tag; the cluster may follow only what our key signed")
    tell.run("gitless", "tag", _published(tell.folder), "staging")
    tell.run("gitless", "create", "secret", "cosign", "shop-keys", "--key", "cosign.pub")
    tell.run(
        "gitless", "create", "source", "oci", "shop", "--url", repository, "--tag", "staging",
        "--verify-provider", "cosign", "--verify-secret-ref", "shop-keys",
    )  # fmt: skip
    tell.heading("Hand over what the pipeline applied: the puller takes it as it is, and recreates nothing")
    before = _uids(tell)
    tell.run("gitless", "create", "kustomization", "shop", "--source", "OCIRepository/shop", "--prune", "--wait")
    tell.run("kubectl", "delete", "configmap/gitless-inventory-shop", "--namespace=default")
    after = _uids(tell)
    if before != after:
        raise DemoError(f"objects were recreated by the hand-over:\n{before}\n{after}")
    tell.say(f"  The {len(after)} objects in the namespace are the same ones as before, by their UIDs.")
    tell.run("gitless", "get", "all")
    tell.run("gitless", "tree", "kustomization", "shop", "--health")


def _uids(tell: Narrator) -> list[str]:
    """Kind, name and UID of each object in the shop."""
    text = tell.ask(
        "kubectl", "get", _KINDS, "--namespace=shop", "--field-selector=metadata.name!=kube-root-ca.crt",
        "--no-headers", f"--output=custom-columns={_COLUMNS}",
    )  # fmt: skip
    return text.splitlines()


def _published(folder: Path) -> str:
    """The artifact that the chain published last, by digest."""
    url: str = json.loads((folder / "results" / "package.json").read_text())["digestUrl"]
    return url


def _goodbye(tell: Narrator) -> None:
    tell.say(
        """
Done. Built, packaged, signed, compared, applied and verified on a real API server, then handed over to the puller,
which keeps the cluster as the last signed artifact says. Twice, what nobody signed was refused; a stale plan was, and
what would have deleted most of the shop.
Platform and puller keep running until `make demo-down`. To try next:
  . .demo/environment                       # gitless, kubectl, the cluster and the key's password, for this shell
  gitless get all --watch
  kubectl get ocirepositories,kustomizations -A
  cd .demo/shop && ls results reports       # each stage's JSON result; the plan as a page, pictures of what runs
  edit base/frontend.yaml, then: gitless run --target staging --repository oci://$REGISTRY/demo/shop --to sign
  gitless wait oci://$REGISTRY/demo/shop:staging --reconcile
  gitless delete kustomization shop -s      # and everything that it applied"""
    )
