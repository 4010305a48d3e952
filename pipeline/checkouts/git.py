"""The real git, started in one folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Self

from pipeline.command import Output, find_tool, run
from pipeline.errors import ToolError
from pipeline.ports import Environment

_CREDENTIALS: Final = re.compile(r"(://)[^/@\s]+@")
_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Git:
    """Where git runs, and with what.

    Attributes:
        program: git itself.
        environment: this process's variables; git sees few of them.
        folder: where it runs; otherwise where this process does.
        passing: beginnings of variables that it needs beside those that every program is given.
    """

    program: Path
    environment: Environment = field(repr=False)
    folder: Path = Path()
    passing: tuple[str, ...] = ()

    @classmethod
    def find(cls, environment: Environment, folder: Path = Path(), passing: tuple[str, ...] = ()) -> Self:
        """The git of this machine.

        Raises:
            ToolError: it is missing.
        """
        return cls(find_tool("git", environment), environment, folder, passing)

    def at_root(self) -> Self:
        """The same at the root of the work tree that the folder is in.

        Raises:
            ToolError: it is in none.
        """
        told = self.look("rev-parse", "--show-toplevel")
        return replace(self, folder=Path(told.decode(errors="surrogateescape").removesuffix("\n")))

    def look(self, *arguments: str) -> bytes:
        """The output of what only reads: the index, which somebody beside us may be using, is not even refreshed.

        Raises:
            ToolError: git refuses.
        """
        return self.run("--no-optional-locks", *arguments).stdout

    def run(
        self,
        *arguments: str,
        stdin: bytes = b"",
        variables: Mapping[str, str] | None = None,
        timeout: float = _SECONDS,
    ) -> Output:
        """Run it to its end, with these variables besides.

        Raises:
            ToolError: git refuses, or takes longer than ``timeout`` seconds; logins of addresses are not told.
        """
        try:
            return run(
                [self.program, *arguments],
                environment={**self.environment, **(variables or {})},
                cwd=self.folder,
                stdin=stdin,
                timeout=timeout,
                passing=self.passing,
            )
        except ToolError as error:
            raise ToolError(_CREDENTIALS.sub(r"\1", error.message), hint=error.hint, code=error.code) from None
