"""Chromium, driven by its own protocol over two file descriptors; only the standard library is needed.

The protocol is JSON, a message ended by a NUL: https://chromedevtools.github.io/devtools-protocol/. A socket has a
timeout, so that no answer is waited for without a bound.
"""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .. import processes

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATIENCE = 30  # seconds for one answer
# Chromium reads from descriptor 3 and writes to 4.
LAUNCHER = (
    "import os, sys; one = int(sys.argv[1]); os.dup2(one, 3); os.dup2(one, 4); os.execv(sys.argv[2], sys.argv[2:])"
)
OPTIONS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-pipe",
    "--lang=en-US",
]  # fmt: skip
KEYS = {
    "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Home": 36, "End": 35, "Tab": 9, "Enter": 13,
    "Escape": 27, "PageDown": 34, "PageUp": 33, " ": 32,
}  # fmt: skip
TEXTS = {"Enter": "\r", " ": " "}  # of keys that also type

Event = dict[str, Any]


class Failure(Exception):
    """Chromium refused a command, or a script failed in the page."""


class Browser:
    """A running Chromium: commands and their answers; events are kept by the session that they belong to."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._rest = b""
        self._number = 0
        self.events: dict[str, list[Event]] = {}

    def send(self, method: str, session: str = "", **parameters: Any) -> Any:
        """The result of a command. Raises Failure where it is refused, TimeoutError without an answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._connection.sendall(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise Failure(f"{method}: {answer['error']}")
                return answer["result"]

    def wait(self, method: str, session: str, fits: Callable[[Any], bool] = bool) -> Any:
        """The parameters of the first event of this name that fits, kept or to come."""
        seen = 0
        while True:
            kept = self.events.setdefault(session, [])
            for event in kept[seen:]:
                if event["method"] == method and fits(event["params"]):
                    return event["params"]
            seen = len(kept)
            self._read()

    def _read(self) -> Any:
        while b"\0" not in self._rest:
            part = self._connection.recv(1 << 20)
            if not part:
                raise Failure("Chromium is gone")
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\0")
        message = json.loads(line)
        if "method" in message:
            self.events.setdefault(message.get("sessionId", ""), []).append(message)
        return message


class Page:
    """A tab of its own, without what others stored."""

    def __init__(self, browser: Browser, session: str, downloads: Path) -> None:
        self.browser = browser
        self.session = session
        self.downloads = downloads

    def send(self, method: str, **parameters: Any) -> Any:
        """The result of a command to this tab."""
        return self.browser.send(method, self.session, **parameters)

    def events(self, *methods: str) -> list[Any]:
        """The parameters of the events so far."""
        self.evaluate("0")  # what was sent before the answer has been read
        return [each["params"] for each in self.browser.events.get(self.session, []) if each["method"] in methods]

    def open(self, address: str) -> None:
        """Load a page, with all that it refers to."""
        self.browser.events[self.session] = []
        answer = self.send("Page.navigate", url=address)
        if "errorText" in answer:
            raise Failure(f"{address}: {answer['errorText']}")
        if "loaderId" in answer:  # otherwise only the fragment differs
            self.browser.wait("Page.loadEventFired", self.session)

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page, of its promise where it is one. Raises Failure."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise Failure(details.get("exception", {}).get("description") or details["text"])
        return answer["result"].get("value")

    def count(self, selector: str) -> int:
        """How many elements fit a selector."""
        return int(self.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length"))

    def text(self, selector: str) -> str:
        """The text of the first element that fits a selector."""
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).textContent"))

    def click(self, selector: str, where: tuple[float, float] = (0.5, 0.5)) -> None:
        """Click an element as a mouse does, at a part of its width and height: what covers it gets the click."""
        script = (
            "(element => {element.scrollIntoView({block: 'center', behavior: 'instant'});"
            " const box = element.getBoundingClientRect(); return [box.x, box.y, box.width, box.height];})"
        )
        left, top, width, height = self.evaluate(f"{script}(document.querySelector({json.dumps(selector)}))")
        if not width or not height:
            raise Failure(f"{selector} is not shown")
        place = {"x": left + where[0] * width, "y": top + where[1] * height}
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    def press(self, *keys: str, modifiers: int = 0) -> None:
        """Press keys of `KEYS`, one after the other; `modifiers` as the protocol has them, 8 is Shift."""
        for key in keys:
            code = {"key": key, "code": "Space" if key == " " else key, "windowsVirtualKeyCode": KEYS[key]}
            typed = {"text": TEXTS[key]} if key in TEXTS else {}
            self.send("Input.dispatchKeyEvent", type="keyDown", modifiers=modifiers, **code, **typed)
            self.send("Input.dispatchKeyEvent", type="keyUp", modifiers=modifiers, **code)

    def write(self, selector: str, text: str) -> None:
        """Replace the text of an input, as by typing."""
        self.evaluate(f"(input => {{input.focus(); input.select();}})(document.querySelector({json.dumps(selector)}))")
        if text:
            self.send("Input.insertText", text=text)
        else:
            self.send("Input.dispatchKeyEvent", type="keyDown", key="Delete", code="Delete", windowsVirtualKeyCode=46)
            self.send("Input.dispatchKeyEvent", type="keyUp", key="Delete", code="Delete", windowsVirtualKeyCode=46)

    def show(self, width: int, height: int = 800, *, dark: bool = False, still: bool = False, scale: int = 1) -> None:
        """Emulate a screen, in CSS pixels; `still`: its user asks for reduced motion."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=scale, mobile=width < 500,
        )  # fmt: skip
        wishes = {
            "prefers-color-scheme": "dark" if dark else "light",
            "prefers-reduced-motion": "reduce" if still else "no-preference",
        }
        features = [{"name": name, "value": value} for name, value in wishes.items()]
        self.send("Emulation.setEmulatedMedia", features=features)

    def take_picture(self, path: Path, *, whole: bool = False) -> None:
        """A picture of what is seen, or of the whole page, as a PNG file."""
        answer = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(answer["data"]))

    def print(self, path: Path, width: float, height: float) -> None:
        """Print to a PDF file on paper of this size, in inches."""
        answer = self.send("Page.printToPDF", paperWidth=width, paperHeight=height, preferCSSPageSize=False)
        path.write_bytes(base64.b64decode(answer["data"]))

    def download(self, act: Callable[[], None]) -> Path:
        """The file that the page offers when `act` is done, under the name that it offers."""
        self.browser.events[""] = []
        act()
        begun = self.browser.wait("Browser.downloadWillBegin", "")
        done = self.browser.wait("Browser.downloadProgress", "", lambda now: now["state"] != "inProgress")
        if done["state"] != "completed":
            raise Failure(f"the download is {done['state']}")
        found: Path = self.downloads / begun["guid"]
        return found.rename(self.downloads / Path(begun["suggestedFilename"]).name)


@contextmanager
def start_browser() -> Iterator[Browser]:
    """A Chromium, which ends with the block."""
    assert CHROMIUM
    here, there = socket.socketpair()
    here.settimeout(PATIENCE)
    with TemporaryDirectory(prefix="cnncalc-chromium-", ignore_cleanup_errors=True) as folder, here, there:
        command = [
            sys.executable, "-c", LAUNCHER, str(there.fileno()), CHROMIUM, *OPTIONS, f"--user-data-dir={folder}",
        ]  # fmt: skip
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with processes.started(command, pass_fds=[there.fileno()], **quiet):
            there.close()
            browser = Browser(here)
            yield browser
            browser.send("Browser.close")


@contextmanager
def open_page(browser: Browser, downloads: Path) -> Iterator[Page]:
    """A new tab, which closes with the block; what it offers for download is put into a folder."""
    context = browser.send("Target.createBrowserContext")["browserContextId"]
    target = browser.send("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
    session = browser.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    page = Page(browser, session, downloads)
    for name in ("Page", "Runtime", "Log", "Network"):
        page.send(f"{name}.enable")
    browser.send(
        "Browser.setDownloadBehavior",
        behavior="allowAndName", browserContextId=context, downloadPath=str(downloads), eventsEnabled=True,
    )  # fmt: skip
    page.show(1280)
    try:
        yield page
    finally:
        browser.send("Target.disposeBrowserContext", browserContextId=context)
