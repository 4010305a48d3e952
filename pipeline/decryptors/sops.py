"""SOPS, by the real ``sops``: keys go to it by its environment and a private folder, content by its streams."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import PurePath

from pipeline.errors import ToolError
from pipeline.model.kustomizing.sops_keys import SopsKeys
from pipeline.ports import Environment

TIMEOUT = 60.0

# Which of our own identities in a cloud sops may use where the Secret has no credentials: what its client libraries
# read. Tokens are not among them, for the file decides which Vault they are sent to.
_IDENTITIES = re.compile(
    r"AWS_(?:(?:DEFAULT_)?REGION|ROLE_ARN|WEB_IDENTITY_TOKEN_FILE|ROLE_SESSION_NAME|STS_REGIONAL_ENDPOINTS"
    r"|CONTAINER_CREDENTIALS_FULL_URI|CONTAINER_AUTHORIZATION_TOKEN_FILE)"
    r"|AZURE_(?:CLIENT_ID|TENANT_ID|FEDERATED_TOKEN_FILE|AUTHORITY_HOST)"
    r"|GOOGLE_APPLICATION_CREDENTIALS|VAULT_(?:CACERT|CAPATH|NAMESPACE|SKIP_VERIFY)"
)
_REFUSED_KEY = re.compile(r"^\s*(?:- )?([A-Za-z0-9_.:/-]{8,200}): FAILED", re.MULTILINE)


class SopsDecryptor:
    """Decrypts with the keys of one Secret; safe in many threads, and nothing of it outlives a call."""

    def __init__(self, keys: SopsKeys, environment: Environment, *, timeout: float = TIMEOUT) -> None:
        """``timeout`` in seconds for each file."""
        self._keys = keys
        self._environment = environment
        self._timeout = timeout

    def decrypt(self, content: bytes, *, input_type: str, output_type: str) -> bytes:
        """The plain content.

        The checksum over the whole file is not compared: kustomize has added to most objects by then.

        Raises:
            ToolError: sops is missing, or no key that we have opens it; never with any of the content.
        """
        from pipeline.command import find_tool
        from pipeline.threaded_command import run_to_end

        program = find_tool("sops", self._environment)
        types = ["--input-type", input_type, "--output-type", output_type]
        argv: list[str | PurePath] = [program, "decrypt", "--ignore-mac", *types, "/dev/stdin"]
        try:
            with tempfile.TemporaryDirectory(prefix="gitless-sops-", ignore_cleanup_errors=True) as home:
                _fill(home, self._keys.files)
                ended = run_to_end(
                    argv,
                    environment=self._environment,
                    extra=self._variables(home),
                    cwd=PurePath(home),
                    stdin=content,
                    timeout=self._timeout,
                )
        except OSError as error:
            raise ToolError(f"sops has no place for its keys: {error.strerror}", code="tool.files") from None
        if ended.exit_code != 0:
            raise _refusal(ended.exit_code, ended.stderr, self._keys)
        return ended.stdout

    def _variables(self, home: str) -> Mapping[str, str]:
        ambient = {name: value for name, value in self._environment.items() if _IDENTITIES.fullmatch(name)}
        # sops would try gpg too, whose agent outlives it.
        own = {
            "HOME": home,
            "GNUPGHOME": home,
            "XDG_CONFIG_HOME": home,
            "TMPDIR": home,
            "SOPS_GPG_EXEC": "/nonexistent",
        }
        given = {name: value.replace("{home}", home) for name, value in self._keys.variables.items()}
        return {**ambient, **own, "GOMAXPROCS": "1", **given}


def _fill(home: str, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        handle = os.open(f"{home}/{name}", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)


def _refusal(exit_code: int, stderr: str, keys: SopsKeys) -> ToolError:
    """What sops says, in our own words: its own may hold what it was decrypting."""
    recipients = list(dict.fromkeys(_REFUSED_KEY.findall(stderr)))
    if recipients or "data key" in stderr:
        whom = f"; it is encrypted for {', '.join(recipients[:5])}" if recipients else ""
        have = ", ".join(keys.names) or "none at all"
        return ToolError(
            f"no key at hand opens it{whom}",
            hint=f"the decryption keys are: {have}; add one that is for it to the Secret of spec.decryption",
            code="tool.key",
        )
    if "metadata not found" in stderr:
        return ToolError("sops finds no metadata of its own in it", code="tool.failed")
    return ToolError(
        f"sops cannot decrypt it (exit code {exit_code})",
        hint="try 'sops decrypt' on it by hand: what sops says is kept back here, for it may tell the content",
        code="tool.failed",
    )
