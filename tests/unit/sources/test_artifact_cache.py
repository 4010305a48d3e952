from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NoReturn

import pytest

from pipeline.artifact_cache import ArtifactCache, ArtifactMissingError, CacheError, CacheFullError
from pipeline.errors import ConfigurationError, RegistryError, TrustError
from pipeline.model.artifact.archive import pack
from pipeline.model.artifact.unpacking import Limits

FILES = {"a.yaml": b"a", "x/b.yaml": b"b"}
ARCHIVE = pack(FILES.items()).content


@pytest.fixture
def cache(tmp_path: Path) -> ArtifactCache:
    return ArtifactCache(tmp_path / "cache", 1000)


def names(cache: ArtifactCache) -> set[str]:
    return {entry.name for entry in cache.directory.iterdir()}


def test_what_is_stored_is_found_by_its_digest(cache: ArtifactCache) -> None:
    digest, size = cache.store(iter((ARCHIVE[:10], ARCHIVE[10:])))
    assert (digest, size) == (f"sha256:{hashlib.sha256(ARCHIVE).hexdigest()}", len(ARCHIVE))
    assert cache.has(digest)
    assert cache.read(digest) == FILES
    assert b"".join(cache.chunks(digest)) == ARCHIVE
    assert cache.size == len(ARCHIVE)
    assert cache.store(ARCHIVE) == (digest, size)
    assert cache.size == len(ARCHIVE)


def test_what_was_stored_outlives_the_process_and_what_was_not_finished_does_not(cache: ArtifactCache) -> None:
    digest, _ = cache.store(ARCHIVE)
    (cache.directory / "0123.part").write_bytes(b"half")
    (cache.directory / "somebody-elses").write_bytes(b"x")
    again = ArtifactCache(cache.directory, 1000)
    assert again.read(digest) == FILES
    assert again.size == len(ARCHIVE)
    assert names(again) == {f"{digest.removeprefix('sha256:')}.tar.gz", "somebody-elses"}


def test_what_is_not_there_is_missing(cache: ArtifactCache) -> None:
    digest = f"sha256:{'0' * 64}"
    assert not cache.has(digest)
    assert not cache.check(digest)
    with pytest.raises(ArtifactMissingError, match="is not in the cache"):
        cache.read(digest)
    with pytest.raises(ArtifactMissingError, match="passwd' is not a digest"):
        cache.read("../../etc/passwd")
    assert not cache.has("../../etc/passwd")


@pytest.mark.parametrize("damage", [b"", b"x", ARCHIVE[:-1], ARCHIVE + b"x", bytes(len(ARCHIVE))], ids=range(5))
def test_a_damaged_file_is_removed_and_reported_as_missing(cache: ArtifactCache, damage: bytes) -> None:
    digest, _ = cache.store(ARCHIVE)
    (file,) = cache.directory.iterdir()
    file.write_bytes(damage)
    with pytest.raises(ArtifactMissingError, match="was damaged in the cache and has been removed"):
        cache.read(digest)
    assert not cache.has(digest)
    assert names(cache) == set()
    assert cache.size == 0
    cache.store(ARCHIVE)
    assert cache.read(digest) == FILES


def test_a_file_that_somebody_removed_is_missing(cache: ArtifactCache) -> None:
    digest, _ = cache.store(ARCHIVE)
    (file,) = cache.directory.iterdir()
    file.unlink()
    assert not cache.has(digest)
    with pytest.raises(ArtifactMissingError):
        cache.read(digest)
    assert cache.size == 0


def test_a_bad_archive_that_is_just_what_was_stored_stays(cache: ArtifactCache) -> None:
    digest, _ = cache.store(b"no archive")
    with pytest.raises(TrustError, match="not a gzipped tar"):
        cache.read(digest)
    assert cache.has(digest)
    digest, _ = cache.store(ARCHIVE)
    with pytest.raises(TrustError, match="more than 1 entries"):
        cache.read(digest, Limits(max_entries=1))


def test_the_least_recently_used_goes_first_and_what_is_kept_never_goes(cache: ArtifactCache) -> None:
    stored = [cache.store(bytes([number]) * 300)[0] for number in range(3)]
    cache.keep(stored[1:2])
    b"".join(cache.chunks(stored[0]))
    first, _ = cache.store(b"x" * 300)
    assert [cache.has(digest) for digest in stored] == [True, True, False]
    second, _ = cache.store(b"y" * 300)
    assert [cache.has(digest) for digest in (*stored, first, second)] == [False, True, False, True, True]
    assert cache.size == 900


def test_what_is_held_stays_until_somebody_says_what_is_kept(cache: ArtifactCache) -> None:
    digest, _ = cache.store(b"h" * 600)
    cache.hold(digest)
    with pytest.raises(CacheFullError):
        cache.store(b"x" * 600)
    cache.keep(())
    cache.store(b"x" * 600)
    assert not cache.has(digest)


def test_the_last_use_outlives_the_process(cache: ArtifactCache) -> None:
    stored = [cache.store(bytes([number]) * 300)[0] for number in range(3)]
    for file, age in zip(sorted(cache.directory.iterdir()), (300, 200, 100), strict=True):
        os.utime(file, (age, age))
    b"".join(cache.chunks(stored[0]))
    again = ArtifactCache(cache.directory, 1000)
    again.store(b"x" * 300)
    assert again.has(stored[0])


def test_what_does_not_fit_is_refused_and_leaves_nothing(cache: ArtifactCache) -> None:
    with pytest.raises(CacheFullError, match="larger than the cache may be") as caught:
        cache.store(b"x" * 1001)
    assert caught.value.code == "cache.full"
    kept, _ = cache.store(b"k" * 600)
    cache.keep([kept])
    with pytest.raises(CacheFullError, match="all that is there is in use"):
        cache.store(b"x" * 600)
    assert cache.has(kept)
    assert len(names(cache)) == 1
    cache.store(b"y" * 400)


def test_an_error_of_the_source_leaves_nothing(cache: ArtifactCache) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise RegistryError("connection reset")

    with pytest.raises(RegistryError, match="connection reset"):
        cache.store(broken())
    assert names(cache) == set()
    assert cache.size == 0


def test_a_full_disk_first_takes_what_nobody_needs(cache: ArtifactCache, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, _ = cache.store(b"k" * 100)
    cache.store(b"o" * 100)
    cache.keep([kept])
    write = os.write

    def full(descriptor: int, data: memoryview) -> int:
        if len(names(cache)) > 2:
            raise OSError(28, "No space left on device")
        return write(descriptor, data[:7])

    monkeypatch.setattr(os, "write", full)
    new, _ = cache.store(b"n" * 100)
    assert cache.has(kept)
    assert b"".join(cache.chunks(new)) == b"n" * 100
    cache.keep([kept, new])
    with pytest.raises(CacheFullError, match="no space left on device"):
        cache.store(b"m" * 100)
    assert len(names(cache)) == 2


def test_a_folder_that_cannot_be_used_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="artifacts cannot be kept there"):
        ArtifactCache(tmp_path / "file", 10)
    with pytest.raises(ConfigurationError, match="artifacts cannot be kept there"):
        ArtifactCache("/proc/nowhere", 10)


def test_a_folder_that_vanishes_is_told(cache: ArtifactCache) -> None:
    cache.directory.rmdir()
    with pytest.raises(CacheError, match="the artifact cannot be kept: no such file or directory"):
        cache.store(ARCHIVE)


def test_what_is_stored_while_another_thread_finds_it_missing_is_counted(
    cache: ArtifactCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest, size = cache.store(ARCHIVE)
    cache.remove(digest)

    def stored_too_late(*_: object) -> NoReturn:
        cache.store(ARCHIVE)
        raise FileNotFoundError

    monkeypatch.setattr(Path, "open", stored_too_late)
    with pytest.raises(ArtifactMissingError):
        cache.read(digest)

    assert cache.has(digest)
    assert cache.size == size


def test_many_threads_may_store_and_read_at_once(tmp_path: Path) -> None:
    cache = ArtifactCache(tmp_path, 60 * 1024)
    contents = [pack([("a.yaml", str(number).encode() * 500)]).content for number in range(50)]

    def work(number: int) -> int:
        content = contents[number % len(contents)]
        digest, _ = cache.store(content)
        try:
            return len(cache.read(digest))
        except ArtifactMissingError:
            return 1

    cache.max_bytes = sum(map(len, contents)) // 3
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(work, range(400))) == {1}
    files = list(tmp_path.iterdir())
    assert cache.size == sum(file.stat().st_size for file in files) <= cache.max_bytes
    assert all(file.name == f"{hashlib.sha256(file.read_bytes()).hexdigest()}.tar.gz" for file in files)


_WRITER = """
import os, sys
from pipeline.artifact_cache import ArtifactCache
cache = ArtifactCache(sys.argv[1], 50_000_000)
print("ready", flush=True)
while True:
    cache.store(os.urandom(1000) for _ in range(500))
"""


def test_a_process_killed_at_any_instant_leaves_whole_files(tmp_path: Path) -> None:
    for delay in (0.003, 0.011, 0.05):
        writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(delay)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
    cache = ArtifactCache(tmp_path, 50_000_000)
    files = list(tmp_path.iterdir())
    assert all(cache.check(f"sha256:{file.name.removesuffix('.tar.gz')}") for file in files)


def test_a_disk_that_is_really_full_harms_nothing_that_is_there(tmp_path: Path) -> None:
    """RLIMIT_FSIZE stands for the disk: the kernel refuses to write on."""
    script = """
import resource, sys
from pipeline.artifact_cache import ArtifactCache, CacheFullError
cache = ArtifactCache(sys.argv[1], 50_000_000)
small, _ = cache.store(b"s" * 1000)
cache.keep([small])
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    cache.store(b"x" * 60_000 for _ in range(10))
except CacheFullError as error:
    print(error.code)
assert cache.check(small)
print(len(list(cache.directory.iterdir())), cache.store(b"t" * 1000)[1])
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["cache.full", "1", "1000"]
