"""The one family of errors that may cross a port, and the exit code each of them stands for.

Every message is written for the person who reads it: it names the file, line or object, says what was expected, and
``hint`` says what to do. Anything else that reaches the command line is a bug (exit code 1).
"""

from __future__ import annotations


class PipelineError(Exception):
    """Base of everything that gitless refuses or fails at.

    Attributes:
        message: one sentence, no trailing full stop needed, without secrets.
        hint: what the user can do about it, or ``None``.
        code: short stable word for JSON output and scripts, such as ``registry.denied``.
        exit_code: the process's exit code.
    """

    exit_code = 1
    code = "internal"

    def __init__(self, message: str, *, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code


class UsageError(PipelineError):
    """The command line asks for something that makes no sense."""

    exit_code = 2
    code = "usage"


class ConfigurationError(PipelineError):
    """``gitless.yaml``, an environment variable or a settings file is wrong or missing."""

    exit_code = 2
    code = "configuration"


class IdentityError(ConfigurationError):
    """There is no identity here to log in with, or what it takes to use it is missing."""

    code = "configuration.identity"


class TrustError(PipelineError):
    """A signature is missing, wrong or not accepted; or fetched bytes are not what their digest says."""

    exit_code = 4
    code = "trust"


class RegistryError(PipelineError):
    """A registry or an OCI layout could not be read or written."""

    exit_code = 5
    code = "registry"


class ArtifactNotFoundError(RegistryError):
    """The repository, tag, manifest or blob does not exist."""

    code = "registry.not-found"


class ClusterError(PipelineError):
    """The API server could not be reached or answered with an error."""

    exit_code = 6
    code = "cluster"


class StaleError(ClusterError):
    """The object has changed since it was read, or is gone: read it again and decide anew."""

    code = "cluster.stale"


class ExistsError(ClusterError):
    """An object of that name is there already."""

    code = "cluster.exists"


class WatchExpiredError(ClusterError):
    """The version to watch from is too old for the API server: list again."""

    code = "cluster.watch-expired"


class VerificationError(PipelineError):
    """What runs is not what was signed, has drifted, or is not healthy."""

    exit_code = 7
    code = "verification"


class ManifestError(PipelineError):
    """A manifest cannot be read; the message begins with ``file:line:column``."""

    exit_code = 8
    code = "manifest"


class ToolError(PipelineError):
    """An external program is missing, failed or ran out of time."""

    exit_code = 8
    code = "tool"


class RefusedError(PipelineError):
    """A guard said no: field conflict, foreign owner, immutable field, stale plan."""

    exit_code = 9
    code = "refused"


class GuardError(RefusedError):
    """Something would be deleted that a guard keeps, and nobody overrode the guard."""

    code = "refused.guard"


class FieldConflictError(RefusedError):
    """Other field managers own fields that an apply would change.

    Attributes:
        conflicts: pairs of the manager and the field's path, both as the API server names them.
    """

    code = "refused.conflict"

    def __init__(self, message: str, *, conflicts: tuple[tuple[str, str], ...], hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.conflicts = conflicts


class ImmutableFieldError(RefusedError):
    """The API server does not change these fields; only a new object can have them."""

    code = "refused.immutable"


class ExpressionError(ConfigurationError):
    """A CEL expression cannot be compiled, or fails over the data at hand.

    Attributes:
        is_final: whether no data will ever make it work.
    """

    code = "configuration.expression"

    def __init__(self, message: str, *, is_final: bool, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.is_final = is_final


class UnsupportedExpressionError(ExpressionError):
    """A CEL expression asks for what is not to be had here: what it would say elsewhere is unknown."""

    code = "configuration.expression-unsupported"

    def __init__(self, message: str, *, is_final: bool = True, hint: str | None = None) -> None:
        super().__init__(message, is_final=is_final, hint=hint)
