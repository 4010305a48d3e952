"""Go's own reader is the judge: what kubectl makes of a text, we make of it too; what we write, it reads back."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pipeline.model.documents.yaml_reading import read_documents
from pipeline.model.documents.yaml_writing import write_document

pytestmark = pytest.mark.tool

_HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: judged}\n"
_WORDS = """
yes Yes YES yEs no on off On OFF y Y n N true True tRue false null Null NULL nULL ~ = == << .inf2 .nan2 _1 -1 +1
--1 0 00 01 07 08 09 0777 00123 0o777 0O7 0o8 0x1F 0X1f 0x 0xg 0b11 0B1 0b2 -0b11 -0x1F -07 +08 1_000 1__0 12_ 0_7
0x_1F 1e3 12e03 1E3 1e+3 1e-3 1234567e8 1e3_0 1e 1e+ e3 1.0 1. 1.50 .5 .5e3 .5_5 .5_ ._5 . .. +.5 -.5e3 1.e3 1.2.3
1e400 -1e400 1e-400 0.0 -0 -0.0 12:30:45 1:2 2026-01-01 2026-01-01T00:00:00Z 2026-1-1 9223372036854775807
9223372036854775808 18446744073709551616 -9223372036854775808 -9223372036854775809 123456789012345678901234567890
100000000000000000000 1e20 1e21 123456789.125 1.5e300 5e-324 0.1 0.30000000000000004 100m 64Mi 1.4.0 10.0.0.1 "1"
'1' "\\u00fc" 'a''b'
""".split()  # noqa: SIM905 - as a list of literals nobody could read them
_TRAPS = [
    "", " ", "~", "null", "y", "n", "Yes", "on", "true", "1", "0777", "0o7", "08", "1e3", "1234567e8", "1_000", "0b11",
    "0x1F", "1.0", ".5", ".inf", ".nan", "=", "<<", "12:30:45", "2026-01-01", "a: b", "a #b", "#a", "a:", "- a", "-",
    "---", "...", "? a", "!a", "&a", "*a", "%a", "@a", "`a", "|", ">", "[a]", "{a}", "a ", " a", "a\n", "a\n\n", "\na",
    "a\n b", " a\nb", "\ta\nb", "a\tb", "a\r\nb", '"', "'", "\x07", "\x7f", "\x85", "\u2028", "\ufeff", "ü", "😀",
    "\uffff", "a" * 2000, "a " * 500, "a\n   \nb", "\n", "\n\n", "a\n---\nb", "a\n# b\n", "a  b", "--flag=x", "-x",
    "http://x:80/y?z=1#a", "a\\b", "key:value", "Grüße\nzwei\n", "a\n\n\n", "\u00a0\nx", "x\n\u3000y\n", "\n x",
    "\n\nx\n",
]  # fmt: skip


def _kubectl(text: str, folder: Path, tools: Mapping[str, str]) -> Any:  # noqa: ANN401 - any JSON value
    file = folder / "judged.yaml"
    file.write_bytes(text.encode())
    command = [tools["GITLESS_KUBECTL"], "annotate", "--local", "-f", str(file), "judged=", "-o", "json"]
    document = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    del document["metadata"]["annotations"]
    return document


def _ours(text: str) -> Any:  # noqa: ANN401 - any JSON value
    ((body, _),) = read_documents(text.encode(), "judged.yaml")
    return body


def _same(ours: object, theirs: object) -> bool:
    """Equal, and of the same JSON types; kubectl prints whole floats beyond 64 bits without an exponent."""
    if isinstance(ours, bool) or isinstance(theirs, bool):
        return ours is theirs
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)):
        return float(ours) == float(theirs)
    return type(ours) is type(theirs) and ours == theirs


def _compare(scalars: list[str], folder: Path, tools: Mapping[str, str]) -> None:
    text = _HEAD + "judged:\n" + "".join(f"- {scalar}\n" for scalar in scalars)
    theirs = _kubectl(text, folder, tools)["judged"]
    ours = _ours(text)["judged"]
    different = [
        (scalar, our, their) for scalar, our, their in zip(scalars, ours, theirs, strict=True) if not _same(our, their)
    ]
    assert different == []


def test_every_known_trap_is_read_as_kubectl_reads_it(tmp_path: Path, tools: Mapping[str, str]) -> None:
    long = [
        "9" * 400,
        "1" * 5000,
        "0" * 200 + "7",
        "0." + "1" * 400,
        "7" * 25,
        "0" + "7" * 30,
        "0x" + "f" * 16,
        "0x" + "f" * 17,
    ]
    long += [
        "0b" + "1" * 64,
        "0b" + "1" * 65,
        "-0x8000000000000000",
        "-0x8000000000000001",
        "0o" + "7" * 30,
        "0" + "9" * 20,
    ]
    _compare([*_WORDS, *long, "!!str 1", "!own x", "!!float 1"], tmp_path, tools)


def test_thousands_of_number_like_words_are_read_as_kubectl_reads_them(
    tmp_path: Path, tools: Mapping[str, str]
) -> None:
    chance = random.Random(20)
    words = {"".join(chance.choices("0123456789_.eExXobB+-:aF", k=chance.randint(1, 7))) for _ in range(20000)}
    fitting = [word for word in sorted(words) if word[0] not in "-:" and not word.endswith(":")]
    negative = [f"-{word}" for word in fitting[:3000] if word[0] != "-"]
    _compare(fitting + negative, tmp_path, tools)


def test_keys_are_read_as_kubectl_reads_them(tmp_path: Path, tools: Mapping[str, str]) -> None:
    keys = ["y", "off", "1", "0x10", "1_1", "08", "'1e3'", "2026-01-01", "=", "null2", "'<<'", "!!str 7"]
    text = _HEAD + "judged:\n" + "".join(f"  {key}: 1\n" for key in keys)
    assert _ours(text) == _kubectl(text, tmp_path, tools)


def test_block_scalars_anchors_and_merges_are_read_as_kubectl_reads_them(
    tmp_path: Path, tools: Mapping[str, str]
) -> None:
    text = _HEAD + (
        "folded: >-\n  one\n  two\n\n  three\nkept: |+\n  a\n\nstripped: |-\n   b\n    c\nindented: |2\n    d\n"
        "plain: one\n  two\n\n  three\nanchored: &a {p: 1, q: [1, 2]}\nalias: *a\n"
        "merged: {<<: *a, p: 2}\nmany: {<<: [{p: 1}, {p: 2, r: 3}]}\ncomment: x # not this\n"
        "carriage: |\r\n  a\r\n  b\r\n"
        'escapes: "\\x41\\u00e9\\U0001F600\\t\\n\\\\ \\\n  joined"\nbinary: !!binary aGFsbG8=\n'
    )
    assert _ours(text) == _kubectl(text, tmp_path, tools)


def test_kubectl_reads_back_what_we_write(tmp_path: Path, tools: Mapping[str, str]) -> None:
    numbers = [0, -1, 2**63 - 1, -(2**63), 1.5, 1e21, 1e-7, 1e300, 0.1, 123456789.125]
    body: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "written"},
        "texts": _TRAPS,
        "nested": [[trap] for trap in _TRAPS],
        "keys": [{trap: trap} for trap in _TRAPS],
        "values": {f"key-{index}": trap for index, trap in enumerate(_TRAPS)},
        "others": [True, False, None, [], {}, [[]], [{}], {"a": {}}],
    }
    theirs = _kubectl(write_document(body).decode(), tmp_path, tools)
    assert theirs == body
    theirs = _kubectl(write_document({**body, "numbers": numbers}).decode(), tmp_path, tools)
    assert all(_same(ours, their) for ours, their in zip(numbers, theirs["numbers"], strict=True))


def test_kustomize_reads_back_what_we_write(tmp_path: Path, tools: Mapping[str, str]) -> None:
    # kustomize reads YAML with go-yaml v3, which has its own ideas.
    # Its own output of unprintable characters is something it then refuses to read, so those are left out.
    texts = [trap for trap in _TRAPS if not any(mark in trap for mark in "\x07\x7f\x85\u2028\ufeff\uffff")]
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "written"}, "texts": texts}
    (tmp_path / "written.yaml").write_bytes(write_document(body))
    (tmp_path / "kustomization.yaml").write_text("resources: [written.yaml]\n")
    built = subprocess.run([tools["GITLESS_KUSTOMIZE"], "build", str(tmp_path)], check=True, stdout=subprocess.PIPE)
    assert _ours(built.stdout.decode()) == body
