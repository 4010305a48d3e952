"""The real cosign without keys: against a Sigstore deployment on loopback, nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from pipeline.model.artifact.reference import PinnedReference
from pipeline.model.trust.policy import Identity, TrustedRoot, TrustPolicy
from tests.integration.sign.cosign import Major, Workplace
from tests.platform.sigstore.deployment import ISSUER, SUBJECT, SigstoreDeployment

PREDICATE_TYPE = "https://slsa.dev/provenance/v1"


@dataclass(frozen=True)
class Keyless:
    """A registry to sign in, and whom to sign with."""

    workplace: Workplace
    deployment: SigstoreDeployment

    def variant(self, name: str) -> Self:
        return replace(self, deployment=self.deployment.variant(name)) if name else self

    def policy(
        self, subject: str = SUBJECT, issuer: str = ISSUER, *, requires_log: bool = True, root: Path | None = None
    ) -> TrustPolicy:
        content = (root or self.deployment.trusted_root).read_text()
        return TrustPolicy(
            identities=(Identity(subject=subject, issuer=issuer),),
            trusted_root=TrustedRoot("trusted_root.json", content),
            requires_log=requires_log,
        )

    def sign(self, major: Major, artifact: PinnedReference, *options: str, token: str = "") -> None:
        self._make("sign", major, artifact, *options, token=token)

    def attest(self, major: Major, artifact: PinnedReference, *options: str, token: str = "") -> None:
        predicate = self.workplace.folder / "predicate.json"
        predicate.write_text('{"buildDefinition": {"buildType": "https://example.org/build"}}')
        what = (f"--predicate={predicate}", f"--type={PREDICATE_TYPE}")
        self._make("attest", major, artifact, *what, *options, token=token)

    def verify(
        self,
        major: Major,
        artifact: PinnedReference,
        *options: str,
        subject: str = SUBJECT,
        issuer: str = ISSUER,
        accepted: bool = True,
    ) -> str:
        return self._check("verify", major, artifact, *options, subject=subject, issuer=issuer, accepted=accepted)

    def verify_attestation(
        self,
        major: Major,
        artifact: PinnedReference,
        *options: str,
        subject: str = SUBJECT,
        predicate_type: str = PREDICATE_TYPE,
        accepted: bool = True,
    ) -> str:
        what = (f"--type={predicate_type}", *options)
        return self._check("verify-attestation", major, artifact, *what, subject=subject, accepted=accepted)

    def _make(self, command: str, major: Major, artifact: PinnedReference, *options: str, token: str) -> None:
        made = self.deployment
        if major == 3:
            services = [f"--signing-config={made.signing_config}", f"--trusted-root={made.trusted_root}"]
        else:
            services = [f"--fulcio-url={made.fulcio_url}", f"--rekor-url={made.rekor_url}"]
        common = ["--allow-http-registry", "-y", f"--identity-token={token or made.token()}"]
        self.workplace.cosign(
            major,
            command,
            *common,
            *services,
            *options,
            artifact.digest_url.removeprefix("oci://"),
            variables=self._roots(major),
        )

    def _check(
        self,
        command: str,
        major: Major,
        artifact: PinnedReference,
        *options: str,
        subject: str,
        issuer: str = ISSUER,
        accepted: bool,
    ) -> str:
        who = [f"--certificate-identity={subject}", f"--certificate-oidc-issuer={issuer}"]
        if major == 3 or "--new-bundle-format" in options:
            roots = [f"--trusted-root={self.deployment.trusted_root}"]
        else:
            roots = [f"--rekor-url={self.deployment.rekor_url}"]
        name = artifact.digest_url.removeprefix("oci://")
        arguments = ["--allow-http-registry", *who, *roots, *options, name]
        return self.workplace.cosign(major, command, *arguments, accepted=accepted, variables=self._roots(major))

    def _roots(self, major: Major) -> dict[str, str]:
        """What cosign 2 believes, which for signatures of its own format it reads from files of PEM."""
        if major == 3:
            return {}
        state, folder = self.deployment.state, self.deployment.folder
        contents = {
            "SIGSTORE_ROOT_FILE": ("CERTIFICATE", state["fulcio"]["certificates"]),
            "SIGSTORE_CT_LOG_PUBLIC_KEY_FILE": ("PUBLIC KEY", [state["ct"]["key"]]),
            "SIGSTORE_REKOR_PUBLIC_KEY": ("PUBLIC KEY", [state["rekor"]["key"]]),
            "SIGSTORE_TSA_CERTIFICATE_FILE": ("CERTIFICATE", state["tsa"]["certificates"]),
        }
        for variable, (label, parts) in contents.items():
            (folder / f"{variable}.pem").write_text("".join(_pem(label, part) for part in parts))
        return {variable: str(folder / f"{variable}.pem") for variable in contents}


def _pem(label: str, content: str) -> str:
    return f"-----BEGIN {label}-----\n{content}\n-----END {label}-----\n"
