from __future__ import annotations

import pytest

from pipeline.errors import ManifestError
from pipeline.model.artifact.source_ignore import DEFAULT_PATTERNS, VCS_PATTERNS, source_ignore


def ignored(pattern: str, *paths: str) -> set[str]:
    return {path for path in paths if source_ignore({}, pattern).ignores(path)}


@pytest.mark.parametrize(
    "path",
    [
        *(".git/config", "a/.git/config", ".gitignore", "a/.gitmodules", ".gitattributes"),
        *("logo.png", "a/b/photo.jpeg", "x.tar.gz", "a.zip", "film.flv"),
        *(".github/workflows/ci.yml", ".circleci/config.yml", ".travis.yml", "a/appveyor.yml", "cloudbuild.yaml"),
        *(".goreleaser.yml", "a/.sops.yaml", "a/b/.flux.yaml"),
    ],
)
def test_without_patterns_of_ones_own_the_defaults_hold(path: str) -> None:
    assert source_ignore({}, None).ignores(path)
    assert source_ignore({}, "# only a comment\n\n   \n").ignores(path)


@pytest.mark.parametrize("path", [".git", "a.yaml", "png", ".sourceignore", "a.tar", "github/x", "sops.yaml"])
def test_the_defaults_leave_the_rest_alone(path: str) -> None:
    assert not source_ignore({}, None).ignores(path)


def test_one_pattern_anywhere_leaves_only_version_control_out() -> None:
    for rules in (source_ignore({}, "nothing"), source_ignore({"deep/er/.sourceignore": b"nothing"}, None)):
        assert not rules.ignores("logo.png")
        assert rules.ignores(".gitignore")
        assert len(rules.patterns) == len(VCS_PATTERNS) + 1
    assert len(source_ignore({}, None).patterns) == len(VCS_PATTERNS) + len(DEFAULT_PATTERNS)


def test_even_version_control_may_be_asked_for() -> None:
    assert not source_ignore({}, "!.gitignore").ignores(".gitignore")


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("a.yaml", {"a.yaml", "x/a.yaml", "a.yaml/b"}, {"ba.yaml"}),
        ("/a.yaml", {"a.yaml", "a.yaml/b"}, {"x/a.yaml"}),
        ("x/", {"x/a", "y/x/a"}, {"x", "y/x"}),
        ("x/y", {"x/y", "x/y/z"}, {"a/x/y", "x"}),
        ("x/*", {"x/a", "x/a/b"}, {"x", "y/x/a"}),
        ("x/**", {"x", "x/a", "x/a/b"}, {"y/x/a"}),
        ("**/x", {"x", "a/x", "a/b/x", "a/x/b"}, {"ax"}),
        ("**/x/", {"x/a", "a/x/b"}, {"x", "a/x"}),
        ("a/**/z", {"a/z", "a/b/z", "a/b/c/z/d"}, {"z", "b/z"}),
        ("**/a/b", {"a/b", "x/a/b"}, {"a/x/a/b", "a/c"}),
        ("**", {"a", "a/b"}, set()),
        ("a**b/c", set(), {"ab/c", "axb/c"}),
        ("*.p?g", {"a.png", "x/a.pxg"}, {"a.pg"}),
        ("[ab].yaml", {"a.yaml", "b.yaml"}, {"c.yaml"}),
        ("[^a].yaml", {"b.yaml", "^.yaml"}, {"a.yaml"}),
        ("[!a].yaml", {"a.yaml", "!.yaml"}, {"b.yaml"}),
        ("[a-c]*", {"apple", "bus"}, {"dog"}),
        ("[c-a]", set(), {"a", "b", "c", "-"}),
        (r"\!a", {"!a"}, {"a"}),
        (r"a\*", {"a*"}, {"ab"}),
        (r"[\]]", {"]"}, {"\\"}),
        ("[", set(), {"["}),
        ("[a", set(), {"a"}),
        ("[]a]", set(), {"a", "]"}),
        ("a\\", set(), {"a", "a\\"}),
        ("a  ", {"a"}, {"a  "}),
        ("a\\ ", {"a "}, {"a"}),
        ("  a", {"  a"}, {"a"}),
        ("a\r", {"a"}, {"a\r"}),
        (" #a", {" #a"}, {"#a"}),
        ("/", set(), {"a", "a/b"}),
        ("!", set(), {"a"}),
        ("a*b*c", {"abc", "axbxc", "abbcbc"}, {"acb"}),
        ("é*", {"é.yaml"}, {"e.yaml"}),
    ],
)
def test_patterns_mean_what_they_mean_to_flux(pattern: str, matching: set[str], others: set[str]) -> None:
    assert ignored(pattern, *matching, *others) == matching


def test_the_last_pattern_that_matches_decides_and_brings_back_what_is_in_a_folder() -> None:
    rules = source_ignore({}, "/*\n!/deploy\n/deploy/secret\n")
    assert rules.ignores("readme.md")
    assert not rules.ignores("deploy/a.yaml")
    assert rules.ignores("deploy/secret/a.yaml")
    assert not source_ignore({}, "x/\n!x/keep.yaml").ignores("x/keep.yaml")


def test_files_with_patterns_hold_for_their_folder_and_the_spec_is_the_strongest() -> None:
    files = {
        ".sourceignore": b"*.txt\n",
        "a/.sourceignore": b"!keep.txt\n/b/*.md\n",
        "a/b/.sourceignore": b"keep.txt\n",
        ".git/.sourceignore": b"*.yaml\n",
    }
    rules = source_ignore(files, None)
    assert rules.ignores("x.txt")
    assert rules.ignores("keep.txt")
    assert not rules.ignores("a/keep.txt")
    assert rules.ignores("a/b/keep.txt")
    assert rules.ignores("a/b/x.md")
    assert not rules.ignores("b/x.md")
    assert not rules.ignores("x.yaml")
    stronger = source_ignore(files, "!a/b/keep.txt\nx.yaml")
    assert not stronger.ignores("a/b/keep.txt")
    assert stronger.ignores("x.yaml")


def test_a_file_that_is_not_text_harms_nobody() -> None:
    assert not source_ignore({".sourceignore": b"\xff\xfe\n"}, None).ignores("a.yaml")


@pytest.mark.timeout(20)
def test_no_pattern_keeps_us_busy() -> None:
    name = "a" * 5000
    assert ignored("*a" * 200 + "b", name) == set()
    assert ignored("**/" * 200 + "b", "/".join(["a"] * 200)) == set()
    with pytest.raises(ManifestError, match="there are 99999 ignore patterns; expected at most 10000"):
        source_ignore({}, "x\n" * 99_999)
    with pytest.raises(ManifestError, match="9003 ignore patterns for 1000 files are too many to judge"):
        source_ignore({}, "x\n" * 8_999).left_out(["a"] * 1000)
