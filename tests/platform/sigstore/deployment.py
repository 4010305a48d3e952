"""A whole Sigstore deployment on loopback: Fulcio with its certificate log, Rekor 1 and 2, a timestamp authority.

``SigstoreDeployment.start(folder)`` gives one, made anew each time. Its variants are other views of the same servers:
other services to sign with (``signing_config``), other authorities to believe (``trusted_root``), or both.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.platform.binaries import binary
from tests.platform.errors import PlatformError
from tests.platform.node import node_runtime
from tests.platform.processes import ProcessGroup, Running
from tests.platform.sigstore.documents import (
    TIMESTAMP_PATH,
    State,
    authority,
    log,
    signing_config,
    trusted_root,
    valid,
)
from tests.platform.sigstore.identity_tokens import identity_token

ISSUER = "https://token.actions.githubusercontent.com"
SUBJECT = "https://github.com/acme/shop/.github/workflows/release.yml@refs/heads/main"
_SECONDS = 30.0
_SERVER = Path(__file__).parent / "server.mjs"


@dataclass(frozen=True, kw_only=True)
class SigstoreDeployment(Running):
    """One view of the servers: whom to sign with, and whom to believe."""

    folder: Path
    """Where the two files of this view are, by their usual names."""
    state: State = field(repr=False)
    _signing: dict[str, str] = field(repr=False)
    _processes: ProcessGroup = field(repr=False)

    @classmethod
    def start(cls, folder: Path) -> Self:
        """Start all servers and return once they listen; less than a second."""
        folder = folder.absolute()
        folder.mkdir(parents=True, exist_ok=True)
        state_file = folder / "state.json"
        state_file.unlink(missing_ok=True)
        processes = ProcessGroup(folder)
        processes.start("sigstore", [node_runtime().node, _SERVER, binary("sigstore-mock"), state_file])
        try:
            processes.wait(state_file.exists, seconds=_SECONDS, what="the Sigstore deployment")
        except BaseException:
            processes.stop()
            raise
        state = json.loads(state_file.read_bytes())
        made = cls(folder=folder, state=state, _signing=_USUAL, _processes=processes)
        made._write(_usual_root(state))
        return made

    @property
    def trusted_root(self) -> Path:
        """The file with the authorities and logs to believe."""
        return self.folder / "trusted_root.json"

    @property
    def signing_config(self) -> Path:
        """The file with the services to sign with."""
        return self.folder / "signing_config.json"

    @property
    def fulcio_url(self) -> str:
        """Where certificates come from."""
        return str(self.state[self._signing["fulcio"]]["url"])

    @property
    def rekor_url(self) -> str:
        """Where signatures are logged; empty where they are not."""
        return str(self.state[self._signing["rekor"]]["url"]) if "rekor" in self._signing else ""

    @property
    def rekor_version(self) -> int:
        """Which protocol ``rekor_url`` speaks."""
        return 2 if self._signing.get("rekor") == "rekor2" else 1

    @property
    def tsa_url(self) -> str:
        """Where timestamps come from, with the path; empty where there are none."""
        return f"{self.state[self._signing['tsa']]['url']}{TIMESTAMP_PATH}" if "tsa" in self._signing else ""

    def token(self, subject: str = SUBJECT, issuer: str = ISSUER, **claims: object) -> str:
        """An identity token for ``fulcio_url``; it puts subject, issuer and known claims into the certificate.

        As with the real one, what the certificate names is the workflow (``job_workflow_ref``) for GitHub, the
        configuration (``ci_config_ref_uri``) for GitLab, the service account for Kubernetes, and else ``email`` or
        the subject.
        """
        return identity_token(subject, issuer, claims)

    def token_file(self, subject: str = SUBJECT, issuer: str = ISSUER, **claims: object) -> Path:
        """The same in a file of its own."""
        token = self.token(subject, issuer, **claims)
        path = self.folder / f"token-{token[-12:]}"
        path.touch(mode=0o600)
        path.write_text(token)
        return path

    def variant(self, name: str) -> Self:
        """Another view of the same servers; :data:`VARIANTS` lists them."""
        if name not in VARIANTS:
            raise PlatformError(f"unknown variant {name!r}", hint=f"known variants: {', '.join(VARIANTS)}")
        chosen = VARIANTS[name]
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        made = type(self)(folder=folder, state=self.state, _signing=chosen.signing, _processes=self._processes)
        made._write(chosen.root(self.state))
        return made

    def stop(self) -> None:
        """Stop all servers, for every view."""
        self._processes.stop()

    def _write(self, root: dict[str, Any]) -> None:
        for path, document in (
            (self.trusted_root, root),
            (self.signing_config, signing_config(self.state, **self._signing)),
        ):
            path.write_text(json.dumps(document, indent=2))


_USUAL = {"fulcio": "fulcio", "rekor": "rekor", "tsa": "tsa"}


def _root(
    *,
    fulcio: str = "fulcio",
    ct: str = "ct",
    logs: tuple[str, ...] = ("rekor", "rekor2"),
    tsa: str = "tsa",
    fulcio_valid: Callable[[], dict[str, str]] = valid,
    tsa_valid: Callable[[], dict[str, str]] = valid,
) -> Callable[[State], dict[str, Any]]:
    def made(state: State) -> dict[str, Any]:
        return trusted_root(
            authorities=[authority(state, fulcio, valid_for=fulcio_valid())],
            certificate_logs=[log(state, ct, url=state[fulcio]["url"])] if ct else [],
            logs=[log(state, name) for name in logs],
            timestamps=[authority(state, tsa, valid_for=tsa_valid())] if tsa else [],
        )

    return made


_usual_root = _root()


@dataclass(frozen=True, kw_only=True)
class _Variant:
    signing: dict[str, str] = field(default_factory=lambda: _USUAL)
    root: Callable[[State], dict[str, Any]] = _usual_root


def _ended() -> dict[str, str]:
    return valid(until_days=-1)


VARIANTS = {
    # Other services.
    "rekor-v2": _Variant(signing={**_USUAL, "rekor": "rekor2"}),
    "no-tsa": _Variant(signing={"fulcio": "fulcio", "rekor": "rekor"}, root=_root(tsa="")),
    "no-log": _Variant(signing={"fulcio": "fulcio", "tsa": "tsa"}, root=_root(logs=())),
    "empty-log": _Variant(signing={**_USUAL, "rekor": "empty_rekor"}, root=_root(logs=("empty_rekor",))),
    # Somebody else's, complete and at peace with itself.
    "other": _Variant(
        signing={"fulcio": "other_fulcio", "rekor": "other_rekor", "tsa": "other_tsa"},
        root=_root(fulcio="other_fulcio", ct="other_ct", logs=("other_rekor",), tsa="other_tsa"),
    ),
    # Signatures that the usual trusted root must not accept.
    "certificate-of-yesterday": _Variant(signing={**_USUAL, "fulcio": "fulcio_of_yesterday"}),
    "certificate-of-tomorrow": _Variant(signing={**_USUAL, "fulcio": "fulcio_of_tomorrow"}),
    "certificate-without-ct": _Variant(signing={**_USUAL, "fulcio": "fulcio_without_ct"}),
    "certificate-of-other": _Variant(signing={**_USUAL, "fulcio": "other_fulcio"}),
    "logged-by-other": _Variant(signing={**_USUAL, "rekor": "other_rekor"}),
    "timed-by-other": _Variant(signing={**_USUAL, "tsa": "other_tsa"}),
    # Trusted roots that must not accept the usual signatures.
    "root-with-other-ct": _Variant(root=_root(ct="other_ct")),
    "root-without-ct": _Variant(root=_root(ct="")),
    "root-with-other-log": _Variant(root=_root(logs=("other_rekor",))),
    "root-with-other-tsa": _Variant(root=_root(tsa="other_tsa")),
    "root-with-ended-fulcio": _Variant(root=_root(fulcio_valid=_ended)),
    "root-with-ended-tsa": _Variant(root=_root(tsa_valid=_ended)),
}
"""By name: other services to sign with, other authorities to believe, or both."""
