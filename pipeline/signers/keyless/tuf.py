"""What a TUF repository serves: trusted roots and signing configurations, checked back to the root that one has."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from pipeline.errors import TrustError
from pipeline.model.documents.printable import printable
from pipeline.model.trust.policy import TrustedRoot

_PUBLIC_URL = "https://tuf-repo-cdn.sigstore.dev"
_TIMEOUT = 15
"""Seconds; a registry that is up answers in less, and signatures wait for it."""


def read_target(name: str, root: TrustedRoot, folder: Path) -> bytes:
    """One file of the repository, which is asked whether there is a newer one unless the root is ``offline``.

    Sigstore's public deployment is known from the start; what this version of sigstore brought serves offline.

    Raises:
        TrustError: it cannot be had, or is not signed as the repository's root demands.
    """
    url = root.tuf_url.rstrip("/") or _PUBLIC_URL
    place = folder / quote(url, safe="")
    if root.offline:
        return _kept(name, url, place, root.source)
    try:
        return _updated(name, url, root.tuf_root, place)
    except TrustError:
        raise
    except Exception as error:
        # python-tuf, urllib3 and the disk each have errors of their own; for a verifier they are all the same.
        reason = printable(str(error), 200) or type(error).__name__
        raise TrustError(
            f"the TUF repository {url} does not say what is trusted: {reason}",
            hint="give the trusted root as a file, or --offline to use what was read before",
            code="trust.root",
        ) from error


def _updated(name: str, url: str, tuf_root: str, place: Path) -> bytes:
    from tuf.ngclient.config import UpdaterConfig
    from tuf.ngclient.updater import Updater
    from tuf.ngclient.urllib3_fetcher import Urllib3Fetcher

    first = tuf_root.encode("utf-8") if tuf_root else _built_in("root.json", url)
    if first is None:
        raise TrustError(
            f"nothing is known about the TUF repository {url} to check it with",
            hint="give its root.json with --tuf-root, as its operator published it",
            code="trust.root",
        )
    targets = place / "targets"
    targets.mkdir(parents=True, exist_ok=True)
    (place / "metadata").mkdir(exist_ok=True)
    updater = Updater(
        metadata_dir=str(place / "metadata"),
        metadata_base_url=url,
        target_base_url=f"{url}/targets/",
        target_dir=str(targets),
        fetcher=Urllib3Fetcher(socket_timeout=_TIMEOUT, app_user_agent="gitless"),
        config=UpdaterConfig(),
        bootstrap=first,
    )
    updater.refresh()
    found = updater.get_targetinfo(name)
    if found is None:
        raise TrustError(f"the TUF repository {url} has no {name}", code="trust.root")
    return Path(updater.find_cached_target(found) or updater.download_target(found)).read_bytes()


def _kept(name: str, url: str, place: Path, source: str) -> bytes:
    try:
        return (place / "targets" / name).read_bytes()
    except OSError:
        found = _built_in(name, url)
    if found is None:
        raise TrustError(
            f"{source} was never read on this machine, and --offline asks nobody",
            hint="run it once without --offline, or give the trusted root as a file",
            code="trust.root",
        )
    return found


def _built_in(name: str, url: str) -> bytes | None:
    from sigstore._utils import read_embedded

    try:
        return read_embedded(name, url)
    except FileNotFoundError:
        return None
