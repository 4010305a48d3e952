"""Key files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pipeline.model.artifact.reference import parse_reference
from pipeline.model.outcome.key_rotation import KeyRotationResult
from pipeline.model.outcome.keys import KeyConversionResult, KeyPairResult, KeyResult
from pipeline.model.settings.connections import RegistryOptions
from pipeline.model.trust.key_forms import KeyForm, KeyType
from pipeline.ports import (
    Environment,
    Reporter,
)
from pipeline.wiring.stores import registry
from pipeline.wiring.trusting import public_key, trust_ports

if TYPE_CHECKING:
    from pipeline.signers.cosign.key_rotation import Rotation


def generate_key_pair(prefix: str, read_password: Callable[[], bytes], key_type: KeyType) -> KeyPairResult:
    """Write ``<prefix>.key`` and ``<prefix>.pub``."""
    from pipeline.signers.cosign import generate_key_pair

    return generate_key_pair(prefix, read_password, key_type)


def describe_key(name: str, read_password: Callable[[], bytes], environment: Environment) -> KeyResult:
    """What a key's file, in any form, or what is behind a key's URI holds."""
    from pipeline.signers.cosign.key_conversion import describe, describe_key

    if "://" in name:
        return describe(public_key(name, environment).pem.encode(), name, read_password)
    return describe_key(name, read_password)


def convert_key(
    name: str,
    form: KeyForm,
    output: str,
    passwords: tuple[Callable[[], bytes], Callable[[], bytes]],
    environment: Environment,
) -> KeyConversionResult:
    """A key, by file or URI, in another form; the passwords open it and encrypt the new one."""
    from pipeline.signers.cosign.key_conversion import convert, convert_key

    if "://" in name:
        return convert(public_key(name, environment).pem.encode(), name, form, output, passwords)
    return convert_key(name, form, output, passwords)


def start_rotation(rotation: Rotation, read_password: Callable[[], bytes]) -> KeyRotationResult:
    """The first half of a change of keys: both are accepted."""
    from pipeline.signers.cosign.key_rotation import start_rotation

    return start_rotation(rotation, read_password)


def finish_rotation(
    rotation: Rotation,
    references: Sequence[str],
    options: RegistryOptions,
    environment: Environment,
    reporter: Reporter,
) -> KeyRotationResult:
    """The second half: the old key goes, unless one of the artifacts is signed by nothing else.

    Raises:
        RefusedError: it is.
        RegistryError: that cannot be found out.
    """
    from pipeline.signers.cosign.key_rotation import finish_rotation
    from pipeline.stages.key_rotation import require_signed_by

    opened = [parse_reference(text) for text in references]
    return finish_rotation(
        rotation,
        lambda key: tuple(
            require_signed_by(
                reference,
                registry(reference.repository, options, environment, reporter),
                trust_ports(environment, reporter),
                key,
            )
            for reference in opened
        ),
    )
