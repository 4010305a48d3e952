"""Marker comments, and what becomes of the values that they mark."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ConfigurationError, ManifestError
from pipeline.model.images.lock import ImagesLock, LockedImage
from pipeline.model.images.markers import MarkedPart, find_markers, with_values
from pipeline.model.images.patch import FileChange, patch
from pipeline.model.images.policy import ChosenImage
from pipeline.model.images.updating import followed, updated
from tests.unit.images.policies import policy

A, B = (f"sha256:{letter * 64}" for letter in "ab")


def chosen(tag: str = "2.0.0", digest: str = A, **fields: str) -> dict[str, ChosenImage]:
    return {"apps:web": ChosenImage(policy=policy({"numerical": {}}, **fields), tag=tag, digest=digest)}


def update(text: str, **fields: str) -> str:
    made = updated([find_markers(text, "f.yaml")], chosen(**fields))
    return made.texts.get("f.yaml", text)


def marked(value: str, part: str = "") -> str:
    return f'image: {value} # {{"$imagepolicy": "apps:web{part}"}}\n'


@pytest.mark.parametrize(
    ("part", "before", "after"),
    [
        ("", "ghcr.io/acme/web:1.0.0", "ghcr.io/acme/web:2.0.0"),
        ("", "old", "ghcr.io/acme/web:2.0.0"),
        (":tag", "1.0.0", "2.0.0"),
        (":name", "old.example/web", "ghcr.io/acme/web"),
        ("", '"ghcr.io/acme/web:1.0.0"', '"ghcr.io/acme/web:2.0.0"'),
        (":tag", "'1.0.0'", "'2.0.0'"),
        (":tag", "&tag 1.0.0", "&tag 2.0.0"),
        (":tag", "!!str 1.0", "!!str 2.0.0"),
    ],
)
def test_a_marked_value_becomes_what_the_policy_chose(part: str, before: str, after: str) -> None:
    assert update(marked(before, part)) == marked(after, part)


@pytest.mark.parametrize("tag", ["1.10", "7", "1e3", "0x1f", "2024-01-02", "on", "1_000", "0o7", "null", "2024"])
def test_a_tag_that_reads_as_something_else_gets_quotes(tag: str) -> None:
    made = update(marked("v1", ":tag"), tag=tag)

    assert made == marked(f'"{tag}"', ":tag")
    assert update(marked("'v1'", ":tag"), tag=tag) == marked(f"'{tag}'", ":tag")


@pytest.mark.parametrize(
    ("reflection", "part", "before", "after"),
    [
        ("Never", "", f"ghcr.io/acme/web:2.0.0@{B}", "ghcr.io/acme/web:2.0.0"),
        ("Always", "", "ghcr.io/acme/web:1.0.0", f"ghcr.io/acme/web:2.0.0@{A}"),
        ("Always", "", f"ghcr.io/acme/web:2.0.0@{B}", f"ghcr.io/acme/web:2.0.0@{A}"),
        ("IfNotPresent", "", f"ghcr.io/acme/web:2.0.0@{B}", f"ghcr.io/acme/web:2.0.0@{B}"),
        ("IfNotPresent", "", "ghcr.io/acme/web:2.0.0", f"ghcr.io/acme/web:2.0.0@{A}"),
        ("IfNotPresent", "", f"ghcr.io/acme/web:1.0.0@{B}", f"ghcr.io/acme/web:2.0.0@{A}"),
        ("Never", ":digest", B, B),
        ("Always", ":digest", B, A),
        ("IfNotPresent", ":digest", B, B),
        ("IfNotPresent", ":digest", '""', f'"{A}"'),
        ("Always", ":tag", "1.0.0", "2.0.0"),
    ],
)
def test_digests_are_written_as_the_policy_reflects_them(reflection: str, part: str, before: str, after: str) -> None:
    assert update(marked(before, part), digestReflectionPolicy=reflection) == marked(after, part)


def test_a_digest_goes_with_its_tag() -> None:
    text = marked("1.0.0", ":tag") + f'digest: {B} # {{"$imagepolicy": "apps:web:digest"}}\n'

    made = update(text, digestReflectionPolicy="IfNotPresent")

    assert made == text.replace("1.0.0", "2.0.0").replace(B, A)
    assert update(made, digestReflectionPolicy="IfNotPresent", digest=B) == made


HOSTILE = (
    '\ufeff# head {"$imagepolicy": "apps:web"}\r\n'
    "kind:   HelmRelease   # kept\r\n"
    'values: {image: {repository: x, # {"$imagepolicy": "apps:web:name"}\r\n'
    "   tag: '1' }}   \r\n"
    "list:\r\n"
    '- &one  "1.0.0"\t# {"$imagepolicy": "apps:web:tag", "note": "ü"}\r\n'
    "- *one\r\n"
    "text: |\r\n"
    '  image: no # {"$imagepolicy": "apps:web"}\r\n'
    'url: \'a # {"$imagepolicy": "apps:web"}\'\r\n'
    "...\r\n"
    "---\r\n"
    'images: [{newTag: 1.0.0}] # {"$imagepolicy": "apps:web:tag"}\r\n'
    'other: z # {"$imagepolicy": "apps:other"}\r\n'
    'last: 1.0.0 # {"$imagepolicy": "apps:web:tag"}'
)


def test_every_other_byte_is_kept() -> None:
    made = updated([find_markers(HOSTILE, "f.yaml")], chosen())

    expected = HOSTILE.replace("repository: x,", "repository: ghcr.io/acme/web,")
    expected = expected.replace('&one  "1.0.0"', '&one  "2.0.0"').replace("last: 1.0.0", "last: 2.0.0")
    assert made.texts == {"f.yaml": expected}
    assert [(change.line, change.part) for change in made.changes] == [
        (3, MarkedPart.NAME),
        (6, MarkedPart.TAG),
        (15, MarkedPart.TAG),
    ]
    assert made.notes == (
        "f.yaml:13: the marker stands behind no value on its line",
        "f.yaml:14: there is no policy apps:other",
    )


@pytest.mark.parametrize(
    "comment",
    [
        '{"$imagepolicy": "apps"}',
        '{"$imagepolicy": "apps:web:sha"}',
        '{"$imagepolicy": 1}',
        '{"$imagepolicy": "apps:web"} more',
        "{$imagepolicy: apps:web}",
        '{"imagepolicy": "apps:web"}',
    ],
)
def test_other_comments_are_only_comments(comment: str) -> None:
    assert find_markers(f"image: web:1 # {comment}\n", "f.yaml").markers == ()


def test_what_is_no_yaml_is_told_with_its_place() -> None:
    with pytest.raises(ManifestError, match=r"^chart/x\.yaml:\d+:\d+: no YAML"):
        find_markers("{{- if .Values.x }}\n" + marked("web:1") + "{{- end }}\n", "chart/x.yaml")


def test_a_value_on_several_lines_becomes_one_on_one_line() -> None:
    text = 'a: "ghcr.io/acme/\\\n  web:1" # {"$imagepolicy": "apps:web"}\nb: 1\n'

    assert update(text) == 'a: "ghcr.io/acme/web:2.0.0" # {"$imagepolicy": "apps:web"}\nb: 1\n'


def test_what_is_locked_follows_its_tag() -> None:
    lock = ImagesLock((LockedImage("ghcr.io/acme/web:1.0.0", B), LockedImage("redis:7", B)))
    made = updated([find_markers(marked("1.0.0", ":tag"), "f.yaml")], chosen())

    assert followed(lock, made, chosen()).images == (
        LockedImage("ghcr.io/acme/web:2.0.0", A, "default:web"),
        LockedImage("redis:7", B),
    )
    pinned = chosen(digestReflectionPolicy="Always")
    text = find_markers(marked("ghcr.io/acme/web:1.0.0"), "f.yaml")
    assert followed(lock, updated([text], pinned), pinned).images == (LockedImage("redis:7", B),)


SCALARS = st.sampled_from(
    ["1.0.0", "web", "'quoted: # x'", '"double \\" #"', "no", "~", "a#b", "*a1", "{x: [1, 2]}", ""]
)
ENDS = st.sampled_from(["\n", "\r\n"])
COMMENTS = st.sampled_from(["", " # plain", ' # {"a": 1}', "\t#"])


@given(
    st.lists(st.tuples(st.booleans(), SCALARS, st.sampled_from(["1.0.0", "'v1'", '"7"', "0.1", "&v x"]), COMMENTS)),
    ENDS,
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,10}", fullmatch=True),
)
def test_an_update_changes_the_marked_scalars_and_nothing_else(
    lines: list[tuple[bool, str, str, str]], end: str, tag: str
) -> None:
    head, expected = f"first: &a1 x{end}", f"first: &a1 x{end}"
    for at, (is_marked, scalar, value, comment) in enumerate(lines):
        if is_marked:
            anchored = value.replace("&v", f"&v{at}")
            head += f'k{at}: {anchored} # {{"$imagepolicy": "apps:web:tag"}}{end}'
            expected += f"k{at}: '{tag}'{end}"
        else:
            head += f"k{at}: {scalar}{comment}{end}"
            expected += f"k{at}: {scalar}{comment}{end}"
    text = find_markers(head, "f.yaml")

    made = with_values(text, dict.fromkeys(text.markers, tag))

    assert len(text.markers) == sum(is_marked for is_marked, *_ in lines)
    assert yaml.load(made, Loader=yaml.CSafeLoader) == yaml.load(expected, Loader=yaml.CSafeLoader)
    before, after = head.split(end), made.split(end)
    assert len(before) == len(after)
    for at, (old, new) in enumerate(zip(before, after, strict=True)):
        if at == 0 or at > len(lines) or not lines[at - 1][0]:
            assert new == old
        else:
            assert new.partition("#")[2] == old.partition("#")[2]
    again = find_markers(made, "f.yaml")
    assert with_values(again, dict.fromkeys(again.markers, tag)) == made


@given(st.text("ab# \n\r\t\"'{}[]:,-|>&*!$imagepolicy", max_size=60))
def test_no_text_makes_it_fail_otherwise_than_as_a_manifest(text: str) -> None:
    try:
        found = find_markers(f'{text}\nx: 1 # {{"$imagepolicy": "apps:web:tag"}}\n', "f.yaml")
        made = with_values(found, dict.fromkeys(found.markers, "2.0"))
    except ManifestError:
        return
    assert made.count("2.0") >= len(found.markers)


def test_git_takes_the_patch(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    lines = "".join(f"line {number}\n" for number in range(20))
    changes = {
        "deploy/a b.yaml": FileChange(lines, lines.replace("line 3\n", "line three\n").replace("line 18\n", "x\n")),
        'd/"ü\\.yaml': FileChange("a: 1\r\nb: 2", "a: 1\r\nb: 3"),
        "end.yaml": FileChange("a\nb", "a\nc\n"),
        "form feed.yaml": FileChange("a\x0cb\x85c\n1\n", "a\x0cb\x85c\n2\n"),
        "new.lock.yaml": FileChange(None, "new\n"),
        "same.yaml": FileChange("a", "a"),
    }
    for name, change in changes.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        if change.before is not None:
            file.write_bytes(change.before.encode())

    text = patch(changes)
    subprocess.run(["git", "apply", "--check", "-"], cwd=tmp_path, input=text.encode(), check=True)
    subprocess.run(["git", "apply", "-"], cwd=tmp_path, input=text.encode(), check=True)

    assert {name: (tmp_path / name).read_bytes() for name in changes} == {
        name: change.after.encode() for name, change in changes.items()
    }
    assert patch({"same.yaml": FileChange("a", "a")}) == ""


def test_a_file_that_is_not_utf_8_is_refused_by_name() -> None:
    from pipeline.expressions.extraction import extracted
    from pipeline.stages.image_lookup import ImagePorts
    from pipeline.stages.update_images import update_files
    from pipeline.testing.registry import MemoryRegistry
    from tests.contract.registry.servers import Silent

    ports = ImagePorts(MemoryRegistry, extracted, Silent())
    for content in (marked("é").encode("latin-1"), marked("web:1").encode("utf-16")):
        with pytest.raises(ConfigurationError, match=r"deploy/web\.yaml is not UTF-8"):
            update_files({"deploy/web.yaml": content}, (), ImagesLock(), ports)
