"""What trust takes of our own processor time after imports: ``python -m tests.bench.trust_work WHAT …``.

Each piece of work runs once unmeasured, on another artifact, so that imports and compiled expressions do not count;
then it prints the seconds and its peak memory in MiB as JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline import wiring
from pipeline.clock import SystemClock
from pipeline.expressions.cel import CelExpressions
from pipeline.model.artifact.reference import PinnedReference, Repository, parse_reference
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.trust.evidence import Judgement, VerifiedSignature
from pipeline.model.trust.in_toto import write_statement
from pipeline.model.trust.policy import AllOf, Attested, Identity, Provenance, Rule, SignedBy, TrustedRoot, TrustPolicy
from pipeline.ports import Registry, Signer, Verifier
from pipeline.signers.cosign import CosignSigner, CosignVerifier
from pipeline.stages.sign import sign
from pipeline.stages.signatures import judge_signatures
from pipeline.stages.trust import TrustPorts, require_trust
from pipeline.stages.trust_decisions import decide
from pipeline.testing.registry import MemoryRegistry
from tests.contract.registry.servers import Silent
from tests.unit.sign.support import BUNDLE, private_key, stored_artifact

BATCH = 1000
SLSA = "https://slsa.dev/provenance/v1"
CYCLONEDX = "https://cyclonedx.org/bom"


def key_sign(key: str, *references: str) -> float:
    """Open an encrypted key file, sign each artifact and attach the signature; the last one counts."""
    measured = 0.0
    for reference in references:
        artifact, registry = _opened(reference)
        verifier = CosignVerifier()
        start = time.process_time()
        signer = wiring.signer(SigningOptions(key=key), os.environ, Silent(), os.environ["COSIGN_PASSWORD"].encode)
        sign(artifact, registry, signer, verifier)
        measured = time.process_time() - start
    return measured


def verify(policy: str, *references: str) -> float:
    """Find and verify the signatures of each artifact, and decide; the last one counts."""
    measured = 0.0
    trusted = _policy(json.loads(policy))
    for reference in references:
        artifact, registry = _opened(reference)
        start = time.process_time()
        # A verifier of its own for each: opening the trusted root is part of the work.
        require_trust(artifact, registry, wiring.trust_ports(os.environ, Silent()), trusted)
        measured = time.process_time() - start
    return measured


def batch_of_signatures() -> float:
    """Find and verify a signature by a key for each of many artifacts, and decide."""
    signer = CosignSigner(private_key("ours"), "ours.pub", BUNDLE)
    verifier: Verifier = CosignVerifier()
    made = [_signed(number, signer, verifier) for number in range(BATCH)]
    ports = TrustPorts(verifier, CelExpressions(), SystemClock())
    policy = signer.own_policy()
    return _timed(lambda: [require_trust(artifact, registry, ports, policy) for artifact, registry in made])


def batch_of_attestations() -> float:
    """The same by rules: two attestations besides, with provenance, SBOM and conditions in CEL."""
    signer = CosignSigner(private_key("ours"), "ours.pub", BUNDLE)
    verifier: Verifier = CosignVerifier()
    policy = _rules(signer.own_policy())
    ports, now = TrustPorts(verifier, CelExpressions(), SystemClock()), time.time()
    judged = []
    for number in range(BATCH):
        artifact, registry = _signed(number, signer, verifier)
        found = judge_signatures(artifact, registry, verifier, policy)
        judged.append((artifact, _with_attestations(artifact, signer, verifier, policy, found)))

    def every() -> list[bool]:
        return [decide(artifact, found, policy, ports.expressions, now).passed for artifact, found in judged]

    if not all(every()):
        raise RuntimeError("the policy refuses what it should accept")
    return _timed(every)


def _with_attestations(
    artifact: PinnedReference, signer: Signer, verifier: Verifier, policy: TrustPolicy, found: Judgement
) -> Judgement:
    provenance = {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {
                "workflow": {"ref": "refs/heads/main", "repository": "https://github.com/acme/shop", "path": "r.yml"}
            },
        },
        "runDetails": {"builder": {"id": "https://github.com/actions/runner/github-hosted"}},
    }
    bill = {"bomFormat": "CycloneDX", "components": [{"type": "container", "name": f"image-{n}"} for n in range(50)]}
    statements = [
        write_statement(artifact.digest, artifact.repository.name, kind, predicate)
        for kind, predicate in ((SLSA, provenance), (CYCLONEDX, bill))
    ]
    verified = [verifier.verify(artifact.digest, signer.attest(statement), policy) for statement in statements]
    return Judgement(
        found.accepted, tuple(item for item in verified if not isinstance(item, VerifiedSignature)), found.rejected
    )


def _rules(policy: TrustPolicy) -> TrustPolicy:
    signers = policy.signers
    needed = AllOf(
        (
            SignedBy(signers, max_age=3600.0),
            Provenance(signers=signers, builder_regexp="^https://github.com/actions/",
                       repository="https://github.com/acme/shop", branch="main"),
            Attested("an SBOM", (CYCLONEDX,), signers, ("size(predicate.components) > 10",)),
        )
    )  # fmt: skip
    return TrustPolicy(keys=policy.keys, rules=(Rule("release", ("registry.test/**",), needed),))


def _signed(number: int, signer: Signer, verifier: Verifier) -> tuple[PinnedReference, MemoryRegistry]:
    registry = MemoryRegistry(Repository("registry.test", f"team/app-{number}"))
    artifact = stored_artifact(registry, revision=f"v{number}")
    sign(artifact, registry, signer, verifier)
    return artifact, registry


def _timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _opened(text: str) -> tuple[PinnedReference, Registry]:
    reference = parse_reference(text)
    return reference.pinned(), wiring.registry(reference.repository, RegistryOptions(), os.environ, Silent())


def _policy(document: dict[str, str]) -> TrustPolicy:
    if "key" in document:
        return TrustPolicy((wiring.public_key(document["key"], {}),))
    root = TrustedRoot("the bench's", Path(document["root"]).read_text())
    return TrustPolicy(
        identities=(Identity(subject=document["subject"], issuer=document["issuer"]),), trusted_root=root
    )


WORK: dict[str, Callable[..., float]] = {
    "key-sign": key_sign,
    "verify": verify,
    "batch-of-signatures": batch_of_signatures,
    "batch-of-attestations": batch_of_attestations,
}


def main(arguments: Sequence[str]) -> None:
    """Do the work and print what it took."""
    name, *rest = arguments
    seconds = WORK[name](*rest)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "memory": peak}))


if __name__ == "__main__":
    main(sys.argv[1:])
