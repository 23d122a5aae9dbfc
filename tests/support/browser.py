"""A headless Chromium for tests of pages, by its own DevTools protocol.

All that is needed besides the browser is websocket-client, which JupyterLab brings.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_SECONDS = 30.0
_OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking --no-first-run "
    "--disable-component-update --disable-sync --remote-debugging-port=0 --remote-allow-origins=*"
)


@contextlib.contextmanager
def browser(program: str, folder: Path) -> Iterator[Browser]:
    """Start a browser with its profile in `folder`; it ends with the block."""
    command = [program, *_OPTIONS.split(), f"--user-data-dir={folder}", "about:blank"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        port = folder / "DevToolsActivePort"
        until = time.monotonic() + _SECONDS
        while not (port.is_file() and port.read_text().strip()):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{program} did not start")
            time.sleep(0.02)
        yield Browser(f"127.0.0.1:{port.read_text().split()[0]}")
    finally:
        process.kill()
        process.wait()


@dataclass(frozen=True)
class Browser:
    """A browser that runs; `address` is that of its protocol."""

    address: str

    @contextlib.contextmanager
    def page(self, path: Path, width: int = 1100, scheme: str = "light") -> Iterator[Page]:
        """Load a page from a file, as if it were opened by a double click."""
        import websocket

        request = urllib.request.Request(f"http://{self.address}/json/new?about:blank", method="PUT")
        with urllib.request.urlopen(request) as answer:
            target = json.load(answer)
        socket = websocket.create_connection(target["webSocketDebuggerUrl"], timeout=_SECONDS)
        try:
            page = Page(socket)
            for domain in ("Page", "Runtime", "Log", "Network"):
                page.call(f"{domain}.enable")
            page.call(
                "Emulation.setDeviceMetricsOverride",
                width=width,
                height=800,
                deviceScaleFactor=1,
                mobile=False,
            )
            page.call(
                "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
            )
            page.call("Page.navigate", url=path.as_uri())
            page.wait_for("Page.loadEventFired")
            yield page
            page.call("Page.close")
        finally:
            socket.close()


@dataclass
class Page:
    """A page, and all that has happened in it.

    Attributes:
        events: (method, parameters), in their order.
    """

    _socket: Any
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _last: int = 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Ask the browser for something and wait for its answer."""
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": parameters}))
        while (message := self._receive()).get("id") != self._last:
            pass
        assert "error" not in message, message
        return dict(message["result"])

    def wait_for(self, method: str) -> dict[str, Any]:
        """The parameters of the first event of this name, waited for if need be."""
        while True:
            for name, parameters in self.events:
                if name == method:
                    return parameters
            self._receive()

    def run(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        made = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in made, made
        return made["result"].get("value")

    @property
    def complaints(self) -> list[Any]:
        """What a person would see in the console."""
        names = ("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded")
        return [parameters for name, parameters in self.events if name in names]

    @property
    def requests(self) -> list[str]:
        """Every address that was asked for."""
        return [
            parameters["request"]["url"]
            for name, parameters in self.events
            if name == "Network.requestWillBeSent"
        ]

    def _receive(self) -> dict[str, Any]:
        message = json.loads(self._socket.recv())
        if "method" in message:
            self.events.append((message["method"], message["params"]))
        return dict(message)
