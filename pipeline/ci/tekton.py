"""Tekton: results of a task or of a step, which are files of a few bytes.

Results travel in the container's termination message, 4096 bytes for everything together with Tekton's own part; a
task whose results need more fails. So each is short, and all of them are together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pipeline.ci.failures import UntoldError, warn
from pipeline.ci.places import write
from pipeline.model.telling import Told
from pipeline.ports import Reporter

_MAX_RESULT = 256
_MAX_TOGETHER = 1024
_COUNTS = ("created", "updated", "deleted")
CHAINS = ("IMAGE_URL", "IMAGE_DIGEST")
"""What Tekton Chains takes for the subject of its provenance: both or none."""


class Tekton:
    """Writes results, each under its own name and without a line break at its end.

    With ``declared``, the file of each result that there is, exactly those are written, and what one of them has no
    value for is empty: a pipeline fails where a result that it hands on does not exist. Otherwise all that there are
    go into ``folder``.
    """

    name = "tekton"

    def __init__(self, folder: str, declared: Mapping[str, str], reporter: Reporter) -> None:
        self._folder = folder
        self._declared = declared
        self._reporter = reporter
        self._written: dict[str, int] = {}

    def begin(self, stage: str) -> None:
        """Nothing: Tekton's log has no parts."""

    def end(self) -> None:
        """Nothing."""

    def tell(self, told: Told) -> None:
        """Write each result that is short enough."""
        if not self._folder and not self._declared:
            if told.outputs:
                self._reporter.warn("results are not written: there is no /tekton/results; set TEKTON_RESULTS_DIR")
            return
        found = results(told)
        if self._declared:
            found = {name: value for name, value in found.items() if name in self._declared}
            found |= {} if told.is_failure else self._empty(found)
        for name, value in found.items():
            try:
                self._write(name, value)
            except UntoldError as error:
                warn(self._reporter, f"the result {name} is not written", error)

    def shielded(self, text: str) -> str:
        """The text: Tekton reads no log."""
        return text

    def _empty(self, found: Mapping[str, str]) -> dict[str, str]:
        missing = self._declared.keys() - found.keys() - self._written.keys()
        return dict.fromkeys(sorted(missing - {*CHAINS}), "")

    def _write(self, name: str, value: str) -> None:
        needed = len(value.encode("utf-8", "backslashreplace"))
        where = "it is in the JSON result: --results-dir DIR"
        if needed >= _MAX_RESULT:
            raise UntoldError(f"it has {needed} bytes, and fewer than {_MAX_RESULT} are safe", hint=where)
        others = sum(self._written.values()) - self._written.get(name, 0)
        # What Tekton adds for each: its name, its type and the JSON around them.
        if others + needed + len(name) > _MAX_TOGETHER:
            raise UntoldError(f"all results together would have more than {_MAX_TOGETHER} bytes", hint=where)
        write(Path(self._declared[name]) if self._declared else Path(self._folder, name), value)
        self._written[name] = needed + len(name)


def results(told: Told) -> dict[str, str]:
    """The outputs, with what Tekton Chains takes for the subject of its provenance where something was published."""
    outputs = dict(told.outputs)
    found: dict[str, str] = {}
    repository = outputs.get("digest-url", "").partition("@")[0]
    if "pushed" in outputs and repository.startswith("oci://"):
        found = {"IMAGE_URL": repository.removeprefix("oci://"), "IMAGE_DIGEST": outputs["digest"]}
    if "images" in outputs:
        found["IMAGES"] = outputs["images"]
    if all(name in outputs for name in _COUNTS):
        # An object result: Tekton takes texts for its values, and `when` can look at each of them.
        found["counts"] = json.dumps({name: outputs[name] for name in _COUNTS}, separators=(",", ":"))
    # Short ones first, so that a long address is what has no room.
    return dict(sorted((outputs | found).items(), key=lambda item: len(item[1])))
