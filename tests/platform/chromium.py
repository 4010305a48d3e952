"""A real Chromium without a screen, spoken to in its DevTools protocol over a pair of pipes.

No driver and no library: the protocol is JSON messages that end with NUL (``--remote-debugging-pipe``), and the browser
ends when its pipe is closed, so that none outlives its test.
"""

from __future__ import annotations

import base64
import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from .binaries import binary
from .errors import PlatformError
from .processes import Running

_SECONDS = 60.0
_FLAGS = (
    "--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--disable-gpu",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--force-color-profile=srgb", "--font-render-hinting=none",
)  # fmt: skip
# Chromium reads from descriptor 3 and writes to 4.
_LAUNCH = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.dup2(int(sys.argv[2]), 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
_KEYS = {"Enter": (13, "\r"), "Escape": (27, ""), "Tab": (9, ""), "ArrowRight": (39, "")}


class Chromium(Running):
    """The browser; ``open`` gives a tab of it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "chromium.log"
        theirs_in, self._out = _high(os.pipe())
        self._in, theirs_out = _high(os.pipe())
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        command = [str(binary("chromium")), *_FLAGS, *sandbox, f"--user-data-dir={folder / 'profile'}", "about:blank"]
        launcher = [sys.executable, "-I", "-S", "-c", _LAUNCH, str(theirs_in), str(theirs_out)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*launcher, *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(theirs_in, theirs_out),
                start_new_session=True,
            )
        os.close(theirs_in)
        os.close(theirs_out)
        self._number = 0
        self._rest = b""
        self._tabs: dict[str, Tab] = {}

    @classmethod
    def start(cls, folder: Path) -> Self:
        """A browser with a profile of its own in that folder."""
        return cls(folder)

    @property
    def pid(self) -> int:
        """Of the browser's first process."""
        return self._process.pid

    def open(self, file: Path, *, width: int = 1280, height: int = 900, scheme: str = "light", **more: bool) -> Tab:
        """A tab that shows a file from disk, in ``light`` or ``dark``; ``scripts=False`` runs none."""
        target = self.call("", "Target.createTarget", url="about:blank")["targetId"]
        session = self.call("", "Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, session, target)
        self._tabs[session] = tab
        for domain in ("Page", "Runtime", "Network", "Log"):
            tab.call(f"{domain}.enable")
        tab.resize(width, height)
        tab.emulate(scheme=scheme)
        if not more.get("scripts", True):
            tab.call("Emulation.setScriptExecutionDisabled", value=True)
        tab.go(file)
        return tab

    def call(self, session: str, method: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - the protocol's JSON
        """Send a command and wait for its answer; events that come meanwhile go to their tabs."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise PlatformError(f"chromium refused {method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result

    def receive(self) -> dict[str, Any]:
        """The next message; an event is also given to its tab."""
        end = time.monotonic() + _SECONDS
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0.0, end - time.monotonic()))
            more = os.read(self._in, 1 << 20) if ready else b""
            if not more:
                text = self._log.read_text(errors="replace")[-2000:]
                raise PlatformError(f"chromium does not answer:\n{text}", hint=f"whole log: {self._log}")
            self._rest += more
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        tab = self._tabs.get(message.get("sessionId", ""))
        if tab is not None and "method" in message:
            tab.note(message["method"], message["params"])
        return message

    def stop(self) -> None:
        """End it with everything that it has started."""
        os.close(self._out)
        os.close(self._in)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


class Tab:
    """One page, and everything that was said and asked for in it."""

    def __init__(self, browser: Chromium, session: str, target: str) -> None:
        self._browser = browser
        self._session = session
        self._target = target
        self._events: list[str] = []
        self._lifecycle: set[str] = set()
        self.complaints: list[str] = []
        """Console messages, uncaught exceptions, and what a content policy has blocked."""
        self.requests: list[str] = []
        """Every address that was asked for."""

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:  # noqa: ANN401 - the protocol's JSON
        """A command of the protocol in this tab."""
        return self._browser.call(self._session, method, **parameters)

    def note(self, method: str, parameters: dict[str, Any]) -> None:
        """Keep what an event says."""
        self._events.append(method)
        if method == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description") or details["text"])
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append(" ".join(str(item.get("value")) for item in parameters["args"]))
        elif method == "Log.entryAdded":
            self.complaints.append(parameters["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])

    def go(self, file: Path) -> None:
        """Load a file from disk and wait until it is there."""
        self._events.clear()
        answer = self.call("Page.navigate", url=file.absolute().as_uri())
        if "errorText" in answer:
            raise PlatformError(f"chromium cannot open {file}: {answer['errorText']}")
        while "Page.loadEventFired" not in self._events:
            self._browser.receive()

    def resize(self, width: int, height: int) -> None:
        """The size of the screen in CSS pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def emulate(self, *, scheme: str = "light", media: str = "") -> None:
        """Prefer ``light`` or ``dark``; ``media`` may be ``print``."""
        features = [
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce"},
        ]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401 - any JSON value
        """The value of an expression, waited for if it is a promise."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise PlatformError(f"{expression}: {answer['exceptionDetails'].get('exception', {}).get('description')}")
        return answer["result"].get("value")

    def settle(self) -> None:
        """Wait until what was changed is on the screen."""
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def press(self, *keys: str) -> None:
        """Press keys one after the other, as a keyboard would."""
        for key in keys:
            code, text = _KEYS.get(key, (ord(key.upper()[0]), key))
            event = {"key": key, "windowsVirtualKeyCode": code} | ({"text": text} if text else {})
            self.call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **event)
            self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)
        self.settle()

    def click(self, selector: str) -> None:
        """Click on the middle of the first element that the selector finds."""
        place = self.evaluate(
            f"(() => {{ const found = document.querySelector({json.dumps(selector)});"
            " found.scrollIntoView({block: 'center'}); const box = found.getBoundingClientRect();"
            " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=place[0], y=place[1], button="left", clickCount=1)
        self.settle()

    def screenshot(self, file: Path, *, whole: bool = False) -> None:
        """What is on the screen as PNG, or the whole page."""
        answer = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        file.write_bytes(base64.b64decode(answer["data"]))

    def pdf(self, file: Path) -> None:
        """What a printer would get."""
        answer = self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
        file.write_bytes(base64.b64decode(answer["data"]))

    def names(self) -> list[tuple[str, str]]:
        """Role and name of everything that assistive technology is told of."""
        nodes = self.call("Accessibility.getFullAXTree")["nodes"]
        shown = [node for node in nodes if not node.get("ignored")]
        return [(node["role"]["value"], node.get("name", {}).get("value", "")) for node in shown]

    def close(self) -> None:
        """End the tab."""
        self._browser.call("", "Target.closeTarget", targetId=self._target)


def _high(pipe: tuple[int, int]) -> tuple[int, int]:
    """The same pipe on descriptors that are in nobody's way."""
    import fcntl

    moved = tuple(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in pipe)
    for end in pipe:
        os.close(end)
    return moved[0], moved[1]
