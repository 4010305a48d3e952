"""Signing, verifying and deciding: whole commands against cosign 3, and our own processor time alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.bench.cases import Bench, Case, Command, gitless
from tests.bench.measuring import Sample, Series
from tests.platform.binaries import binary
from tests.platform.sigstore.deployment import ISSUER, SUBJECT, SigstoreDeployment

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class OwnCase:
    """One row without a peer: processor seconds of our own, after imports; ``aim`` in seconds."""

    name: str
    objects: int
    work: tuple[str, ...]
    aim: float

    def run(self, bench: Bench, runs: int) -> Series:
        """Each time in a new process."""
        command = [sys.executable, "-m", "tests.bench.trust_work", *self.work]
        samples = []
        for _ in range(runs):
            done = subprocess.run(
                command, check=True, stdout=subprocess.PIPE, text=True, env=dict(bench.environment), cwd=_ROOT
            )
            found = json.loads(done.stdout)
            samples.append(Sample(found["seconds"], found["memory"]))
        return Series(tuple(samples))


_ROOT = Path(__file__).parents[2]


def own_time(bench: Bench, sigstore: SigstoreDeployment) -> Iterator[OwnCase]:
    """What the aims are for."""
    key = str(bench.folder / "cosign")
    unsigned = [published(bench) for _ in range(2)]
    yield OwnCase("sign with a key and attach, CPU", 1, ("key-sign", f"{key}.key", *unsigned), 0.3)
    by_key = [published(bench) for _ in range(2)]
    for reference in by_key:
        bench.output(gitless("sign", reference, "--key", f"{key}.key"))
    yield OwnCase("verify a key's signature, CPU", 1, ("verify", json.dumps({"key": f"{key}.pub"}), *by_key), 0.2)
    keyless = [published(bench) for _ in range(2)]
    for reference in keyless:
        bench.output(keyless_sign(sigstore, reference))
    policy = {"root": str(sigstore.trusted_root), "subject": SUBJECT, "issuer": ISSUER}
    yield OwnCase("verify a keyless signature, CPU", 1, ("verify", json.dumps(policy), *keyless), 0.2)
    yield OwnCase("verify and decide, without network, CPU", 1000, ("batch-of-signatures",), 2.0)
    yield OwnCase("decide by rules with CEL, without network, CPU", 1000, ("batch-of-attestations",), 2.0)


def against_cosign(bench: Bench, sigstore: SigstoreDeployment) -> Iterator[Case]:
    """Whole commands, start of the process included, on the same registry and with the same key."""
    key = str(bench.folder / "cosign")
    cosign = str(binary("cosign3"))
    registry = "--allow-http-registry"
    targets: dict[tuple[str, int], str] = {}

    def target(who: str, run: int) -> str:
        if (who, run) not in targets:
            targets[who, run] = published(bench)
        return targets[who, run]

    def cosign_sign(run: int) -> Command:
        return [
            cosign, "sign", f"--key={key}.key", registry, "--tlog-upload=false", "--use-signing-config=false", "-y",
            name_of(target("theirs", run)),
        ]  # fmt: skip

    yield Case("sign with a key", 1, lambda run: gitless("sign", target("ours", run), "--key", f"{key}.key"),
               cosign_sign, "cosign sign", 2.0)  # fmt: skip
    signed = published(bench)
    bench.output(gitless("sign", signed, "--key", f"{key}.key"))
    yield Case(
        "verify a key's signature", 1, lambda _: gitless("verify", signed, "--key", f"{key}.pub"),
        lambda _: [cosign, "verify", f"--key={key}.pub", registry, "--insecure-ignore-tlog", name_of(signed)],
        "cosign verify", 3.0,
    )  # fmt: skip
    keyless = published(bench)
    bench.output(keyless_sign(sigstore, keyless))
    identity = ("--certificate-identity", SUBJECT, "--certificate-oidc-issuer", ISSUER)
    root = str(sigstore.trusted_root)
    yield Case(
        "verify a keyless signature", 1,
        lambda _: gitless("verify", keyless, *identity, "--trusted-root", root),
        lambda _: [cosign, "verify", *identity, "--trusted-root", root, registry, name_of(keyless)],
        "cosign verify", 4.0,
    )  # fmt: skip


def published(bench: Bench) -> str:
    """An artifact of its own; returns its digest URL."""
    number = next(_numbers)
    folder = bench.folder / f"trust-{number}"
    folder.mkdir()
    text = f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: settings-{number}}}\n"
    (folder / "settings.yaml").write_text(text)
    answer = bench.output(gitless("package", str(folder), f"oci://{bench.registry}/trust/app:v{number}", "-o", "json"))
    reference: str = json.loads(answer)["digestUrl"]
    return reference


def keyless_sign(sigstore: SigstoreDeployment, reference: str) -> Command:
    """As the identity that the deployment gives tokens for."""
    return gitless(
        "sign", reference, "--keyless", "--identity-token-file", str(sigstore.token_file()),
        "--trusted-root", str(sigstore.trusted_root), "--signing-config", str(sigstore.signing_config),
    )  # fmt: skip


def name_of(reference: str) -> str:
    """As cosign writes it."""
    return reference.removeprefix("oci://")
