"""A gitless.yaml, or results of an earlier run, that no sane person wrote: refused before anything is published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import run as run_command
from pipeline.model.settings.connections import RegistryOptions
from tests.cli.hostile.conftest import Gitless

SETTINGS = """\
apiVersion: gitless.dev/v1
kind: Pipeline
name: shop
sources: [{path: app}]
artifact: {repository: "oci-layout:out", tags: [v1]}
"""


@pytest.fixture
def settings(folder: Path) -> Path:
    """A good settings file in the working folder."""
    file = folder / "gitless.yaml"
    file.write_text(SETTINGS)
    return file


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("targets: {a: {namespace: Bad Name}}", "gitless.yaml:6: 'targets.a.namespace': \"Bad Name\" does not match"),
        ("targets: {a: {inventory: a.b}}", "gitless.yaml:6: 'targets.a.inventory': \"a.b\" does not match"),
        ("targets: {a: {timeout: 99999999h}}", "gitless.yaml: '99999999h' is too long"),
        ("registry: {timeout: 0s}", "gitless.yaml: 'registry.timeout' is 0"),
    ],
)
def test_wrong_settings_are_named_with_their_file(gitless: Gitless, settings: Path, lines: str, message: str) -> None:
    settings.write_text(SETTINGS + lines)
    code, out, err = gitless("run", "--to", "sign")
    assert (code, out) == (2, "")
    assert message in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--tag", "a b"), "'a b' is not a tag"),
        (("--repository", "shop"), "'shop' is not an artifact reference"),
        (("--repository", "oci-layout:out:v2"), "'oci-layout:out:v2' names one artifact; expected a repository"),
        (("--inventory", "A B"), "'A B' cannot name an inventory"),
        (("--from", "sign", "--to", "build"), "--from sign --to build: sign comes after build"),
    ],
)
@pytest.mark.usefixtures("settings")
def test_wrong_options_are_refused_before_anything_is_published(
    gitless: Gitless, folder: Path, arguments: tuple[str, ...], message: str
) -> None:
    code, out, err = gitless("run", "--to", "sign", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert not (folder / "out").exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"7", b"{}", b'{"digestUrl": 7}', b'{"digestUrl": "oci://a.test/b:1"}', b"\xff"]
)
@pytest.mark.usefixtures("settings")
def test_a_damaged_result_of_package_is_named(gitless: Gitless, folder: Path, content: bytes) -> None:
    (folder / "results").mkdir()
    (folder / "results" / "package.json").write_bytes(content)
    code, out, err = gitless("run", "--from", "sign", "--to", "sign", "--results-dir", "results", "--signing-key", "k")
    assert (code, out) == (2, "")
    assert "Error: results/package.json is not the result of package" in err


@pytest.mark.usefixtures("settings")
def test_a_run_without_verification_says_so(gitless: Gitless) -> None:
    code, _, err = gitless("run", "--to", "build", "--insecure-skip-verification")
    assert code == 0
    assert "Warning: signatures are NOT verified" in err


@pytest.mark.parametrize(
    ("arguments", "seconds"), [((), 7.0), (("--registry-timeout", "3"), 3.0), (("--registry-timeout", "30"), 30.0)]
)
def test_the_file_s_timeout_counts_unless_an_option_is_given(
    gitless: Gitless, settings: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], seconds: float
) -> None:
    settings.write_text(SETTINGS + "registry: {timeout: 7s}\n")
    seen: list[RegistryOptions] = []
    real = run_command._registry

    def spy(*given: Any) -> RegistryOptions:  # noqa: ANN401 - whatever it is called with
        seen.append(real(*given))
        return seen[-1]

    monkeypatch.setattr(run_command, "_registry", spy)
    assert gitless("run", "--to", "build", *arguments)[0] == 0
    assert [options.timeout for options in seen] == [seconds]


@pytest.mark.parametrize("name", ["Bad Name", "", "a\nb: c", "n" * 64])
def test_init_refuses_a_name_that_run_would_refuse(gitless: Gitless, folder: Path, name: str) -> None:
    code, out, err = gitless("init", "--name", name)
    assert (code, out) == (2, "")
    assert "cannot name an application" in err
    assert not (folder / "gitless.yaml").exists()


def test_init_does_not_write_over_a_folder(gitless: Gitless, folder: Path) -> None:
    (folder / "gitless.yaml").mkdir()
    assert gitless("init")[0] == 2
    code, _, err = gitless("init", "--force")
    assert code == 2
    assert "gitless.yaml cannot be written" in err


def test_init_names_the_folder_that_it_cannot_read(
    gitless: Gitless, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.iterdir

    def denied(path: Path) -> Any:  # noqa: ANN401 - an iterator, as the real one
        if path.name == "secret":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    (folder / "secret").mkdir()
    monkeypatch.setattr(Path, "iterdir", denied)
    code, out, err = gitless("init")
    assert (code, out) == (2, "")
    assert "secret cannot be read: Permission denied" in err
