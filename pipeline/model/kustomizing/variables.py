"""The variables of post-build substitution: of ConfigMaps and Secrets in their order, then those of the spec itself."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator, Mapping

from pipeline.errors import ConfigurationError
from pipeline.model.flux.kustomization import PostBuild, SubstituteFrom
from pipeline.model.kustomizing.substitution import VARIABLE_NAME
from pipeline.model.manifests import Body


def collect_variables(post_build: PostBuild, read: Callable[[SubstituteFrom], Body | None]) -> Mapping[str, str]:
    """Every variable with its value, from which line feeds are taken out; what comes later wins.

    ``read`` gives the ConfigMap's or Secret's body, or ``None`` where it does not exist. ``binaryData`` does not count,
    and neither does what is no text in a Secret.

    Raises:
        ConfigurationError: one is missing that is not optional, or a name is no variable's; it is named.
    """
    found: dict[str, str] = {}
    for reference in post_build.substitute_from:
        where = f"{reference.kind}/{reference.name}"
        body = read(reference)
        if body is None:
            if not reference.optional:
                raise ConfigurationError(
                    f"spec.postBuild.substituteFrom: {where} does not exist",
                    hint="create it in the Kustomization's namespace, or mark it optional",
                    code="configuration.variables",
                )
            continue
        for name, value in _values(reference, body):
            found[_checked(name, where)] = value.replace("\n", "")
    for name, value in post_build.substitute.items():
        found[_checked(name, "spec.postBuild.substitute")] = value.replace("\n", "")
    return found


def _values(reference: SubstituteFrom, body: Body) -> Iterator[tuple[str, str]]:
    for name, value in (body.get("data") or {}).items():
        if reference.kind != "Secret":
            yield name, str(value)
            continue
        try:
            yield name, base64.b64decode(value or "").decode()
        except (binascii.Error, UnicodeDecodeError):
            # Put into YAML it could be nothing but an error; there, the variable is told to be missing.
            continue


def _checked(name: str, where: str) -> str:
    if VARIABLE_NAME.fullmatch(name) is None:
        raise ConfigurationError(
            f"{where}: '{name[:100]}' is no name for a variable",
            hint="expected letters, digits and _, no digit first; keep other keys in another ConfigMap or Secret",
            code="configuration.variables",
        )
    return name
