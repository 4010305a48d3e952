from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.clusters.kubernetes.kubeconfig_files import kubeconfig_files
from pipeline.errors import ClusterError
from pipeline.model.settings.connections import ClusterOptions


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace as Tekton mounts it."""
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "kubeconfig").touch()
    return tmp_path / "workspace"


def test_a_folder_stands_for_the_kubeconfig_in_it(folder: Path) -> None:
    expected = str(folder / "kubeconfig")

    assert kubeconfig_files(ClusterOptions(kubeconfig=str(folder)), {}) == expected
    assert kubeconfig_files(ClusterOptions(), {"KUBECONFIG": str(folder)}) == expected
    assert kubeconfig_files(ClusterOptions(), {"KUBECONFIG": f"{folder}:other"}) == f"{expected}:other"


@pytest.mark.parametrize("options", [ClusterOptions(kubeconfig="."), ClusterOptions()])
def test_a_folder_without_one_is_refused_with_the_name_of_the_file(
    options: ClusterOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ClusterError, match="kubeconfig"):
        kubeconfig_files(options, {"KUBECONFIG": str(tmp_path)})


def test_a_workspace_that_is_not_bound_counts_as_not_given(tmp_path: Path) -> None:
    assert kubeconfig_files(ClusterOptions(), {"KUBECONFIG": "", "HOME": str(tmp_path)}) == ""
