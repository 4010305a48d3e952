"""Our own Tekton files, published as bundles and read by go-containerregistry, which Tekton's resolver reads with."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.package.test_other_tools import gitless, run
from tests.platform.binaries import binary

pytestmark = [pytest.mark.registry, pytest.mark.tool]

TREE = Path(__file__).parents[3] / "tekton"


def resolve(reference: str, kind: str, name: str) -> dict[str, Any]:
    """As Tekton's resolver does: by the annotations of a layer, whose first entry is the resource."""
    manifest = json.loads(run(binary("crane"), "manifest", "--insecure", reference))
    (layer,) = (
        layer
        for layer in manifest["layers"]
        if (layer["annotations"]["dev.tekton.image.kind"], layer["annotations"]["dev.tekton.image.name"])
        == (kind, name)
    )
    repository = reference.partition("@")[0]
    content = subprocess.run(
        [binary("crane"), "blob", "--insecure", f"{repository}@{layer['digest']}"], capture_output=True, check=True
    ).stdout
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        first = archive.next()
        assert first is not None
        found = archive.extractfile(first)
        assert found is not None
        body: dict[str, Any] = yaml.safe_load(found.read())
    return body


@pytest.mark.parametrize("kind", ["task", "stepaction", "pipeline"])
def test_each_folder_is_a_bundle_that_tekton_resolves(kind: str, address: str) -> None:
    packaged = gitless("package", TREE / kind, f"oci://{address}/bundles/{kind}:0.1", "--format", "tekton-bundle")
    reference = f"{address}/bundles/{kind}@{packaged['digest']}"

    run(binary("crane"), "validate", "--insecure", "--remote", reference)
    names = sorted(folder.name for folder in (TREE / kind).iterdir() if folder.is_dir())
    assert packaged["files"] == len(names) <= 20
    for name in names:
        written = yaml.safe_load((TREE / kind / name / "0.1" / f"{name}.yaml").read_text())
        assert resolve(reference, kind, name) == written
