"""What a cluster would hold for the example application: a checkout on a claim, keys, logins, and our documents."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from examples.rehearsal.tekton.catalogue import Catalogue
from examples.rehearsal.tekton.errors import TektonError
from examples.rehearsal.tekton.image import image_path
from examples.rehearsal.tekton.runs import Place
from examples.rehearsal.tekton.values import Value

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = Path(__file__).parent / "samples"
OVERLAY = "environments/staging"
_PASSWORD = "rehearsal"


@dataclass(frozen=True, slots=True)
class Shop:
    """The example application on its way to a cluster.

    Attributes:
        folder: everything is below it: ``source`` is the checkout, ``runs`` has each run's logs and results.
        registry: HOST:PORT.
    """

    folder: Path
    registry: str
    kubeconfig: Path
    path: str

    @classmethod
    def prepare(cls, folder: Path, registry: str, kubeconfig: Path) -> Shop:
        """Copy the sources and make two key pairs: one that signs, and one of a stranger."""
        shutil.copytree(ROOT / "examples" / "shop", folder / "source")
        shop = cls(folder, registry, kubeconfig, image_path(folder))
        for name in ("keys", "stranger"):
            keys = folder / name
            keys.mkdir()
            environment = {"PATH": shop.path, "HOME": str(folder), "COSIGN_PASSWORD": _PASSWORD}
            made = subprocess.run(
                ["gitless", "keys", "generate"], cwd=keys, env=environment, check=False, capture_output=True, text=True
            )
            if made.returncode:
                raise TektonError(f"gitless keys generate: {made.stderr.strip()}")
        return shop

    def catalogue(self) -> Catalogue:
        """Our own Tasks, StepActions and Pipeline, the samples, and the objects that these refer to."""
        catalogue = Catalogue()
        for folder in ("task", "stepaction", "pipeline"):
            for file in sorted((ROOT / "tekton" / folder).glob("*/*/*.yaml")):
                catalogue.load(file)
        catalogue.load(SAMPLES)
        catalogue.load_text("\n---\n".join(map(json.dumps, self._objects())).encode(), "objects of the rehearsal")
        return catalogue

    def _objects(self) -> list[dict[str, object]]:
        key, public = ((self.folder / "keys" / name).read_text() for name in ("cosign.key", "cosign.pub"))
        stranger = (self.folder / "stranger" / "cosign.pub").read_text()
        return [
            _object("Secret", "signing-key", {"cosign.key": key, "cosign.password": _PASSWORD}),
            _object("Secret", "registry-login", {".dockerconfigjson": json.dumps({"auths": {}})}),
            _object("Secret", "cluster", {"kubeconfig": self.kubeconfig.read_text()}),
            _object("ConfigMap", "trust", {"cosign.pub": public, "stranger.pub": stranger}),
        ]

    def place(self, name: str) -> Place:
        """Where the runs of that name happen."""
        return Place(folder=self.folder / "runs" / name, path=self.path, claims={"source": self.folder / "source"})

    def params(self, **more: Value) -> dict[str, Value]:
        """Params that only this machine knows, and more."""
        return {"repository": f"oci://{self.registry}/shop/manifests", **more}

    def set_frontend_tag(self, tag: str) -> None:
        """Edit the overlay's image tag, as a developer would."""
        file = self.folder / "source" / OVERLAY / "kustomization.yaml"
        after, count = re.subn(r"(name: \S*frontend\s+newTag: )\S+", rf'\g<1>"{tag}"', file.read_text())
        if count != 1:
            raise TektonError(f"{file} has no image tag for the frontend")
        file.write_text(after)


def _object(kind: str, name: str, data: dict[str, str]) -> dict[str, object]:
    field = "stringData" if kind == "Secret" else "data"
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, field: data}
