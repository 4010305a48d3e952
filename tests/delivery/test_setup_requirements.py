"""``actions/setup`` pins everything that gitless needs, in the versions that the tests run with, for every machine."""

from __future__ import annotations

import re
import tomllib
from importlib import metadata

from packaging.requirements import Requirement
from packaging.version import Version

from pipeline import __version__
from tests.delivery.distributions import PINS
from tests.delivery.requirements import CONSTRAINTS, EXTRAS, LOCK, PROJECT, entries, normal

TEXT = LOCK.read_text()
LOCKED = entries(TEXT)
CONSTRAINED = {
    normal(name): version for name, version in (line.split("==") for line in CONSTRAINTS.read_text().split() if line)
}


def declared() -> list[Requirement]:
    project = tomllib.loads(PROJECT.read_text())["project"]
    optional = (text for extra in EXTRAS for text in project["optional-dependencies"][extra])
    return [Requirement(text) for text in (*project["dependencies"], *optional)]


def needed() -> set[str]:
    """Every package that gitless leads to on this machine, by what is installed here."""
    found: set[tuple[str, str]] = set()
    waiting = declared()
    while waiting:
        requirement = waiting.pop()
        for extra in ("", *requirement.extras):
            name = normal(requirement.name)
            if (name, extra) not in found:
                found.add((name, extra))
                inner = map(Requirement, metadata.requires(name) or [])
                waiting += [one for one in inner if one.marker is None or one.marker.evaluate({"extra": extra})]
    return {name for name, _ in found}


def test_every_package_that_gitless_needs_is_locked_and_none_besides() -> None:
    here = {name for name, (_, marker, _) in LOCKED.items() if not marker or "platform_python_implementation" in marker}

    assert here == needed()


def test_each_has_the_version_that_the_tests_run_with_and_that_pyproject_wants() -> None:
    for name, (version, marker, _) in LOCKED.items():
        assert version == CONSTRAINED.get(name, version), name
        assert name in CONSTRAINED or "sys_platform" in marker, name
    for requirement in declared():
        assert LOCKED[normal(requirement.name)][0] in requirement.specifier, requirement.name


def test_each_has_checksums_and_nothing_says_where_it_comes_from() -> None:
    lines = [line for line in TEXT.splitlines() if not line.startswith("#")]
    packages = [line for line in lines if not line.startswith(" ")]

    assert len(packages) == len(LOCKED)
    assert all(count >= 1 for _, _, count in LOCKED.values())
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?", line) for line in lines if line not in packages)
    assert not re.search(r"https?:|--index|--find| @ ", TEXT)


def test_gitless_itself_is_pinned_to_one_wheel_of_the_last_release() -> None:
    pinned = re.fullmatch(r"(?:#.*\n)+gitless-pipeline==(\S+) \\\n    --hash=sha256:[0-9a-f]{64}\n", PINS.read_text())

    assert pinned is not None
    assert Version(pinned[1]) <= Version(__version__)
