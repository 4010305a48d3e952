"""One platform with one repository for all tests of the GitHub rehearsal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from examples.rehearsal.github.stage import Stage
from tests.e2e.rehearsal_github.hostile import ODD_FOLDER, WORKFLOW, workflow

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with Stage.set(tmp_path_factory.mktemp("rehearsal"), workflows={WORKFLOW: workflow()}) as made:
        made.application.write(
            {f"{ODD_FOLDER}/settings.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"}
        )
        made.application.commit("A folder of an odd name")
        yield made
