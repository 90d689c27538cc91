"""A real browser before served pages: Chromium, axe at WCAG 2.1 AA, narrow screens, and the linter of Taiwan's rules."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BUILD = Path(__file__).resolve().parents[1] / "build"
NARROW, WIDE = 360, 1280
PATIENCE = 30_000
"""Milliseconds for which a state is waited for; a machine that does much else is slow."""
expect.set_options(timeout=PATIENCE)
_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
_AXE = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
LINTER = shutil.which(
    "a11y-moda",
    path=os.pathsep.join((os.environ.get("PATH", ""), str(BUILD.parent / ".venv" / "a11y" / "bin"))),
)
"""The linter of Taiwan's accessibility rules, which `make setup` installs; None without it."""


class Quiet(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_request(self, *_args: object) -> None:
        pass


@contextmanager
def launched() -> Iterator[Any]:
    """Lend a running Chromium."""
    program = next(filter(None, map(shutil.which, _PROGRAMS)))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_OPTIONS)
        yield browser
        browser.close()


class Pages:
    """Pages on a free loopback port, known by `address` before there is an application to serve."""

    def __init__(self) -> None:
        self._server = make_server("127.0.0.1", 0, lambda *_: [], threaded=True, request_handler=Quiet)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def start(self, app: Any) -> None:
        self._server.app = _whole(app)
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Serve an application; gives its address."""
    pages = Pages()
    pages.start(app)
    try:
        yield pages.address
    finally:
        pages.stop()


def _whole(app: Any) -> Any:
    """Read each answer to its end, so that a browser that leaves early keeps no file open; but let events flow."""

    def answer(environ: Any, start_response: Any) -> Iterable[bytes]:
        parts = app(environ, start_response)
        if environ.get("HTTP_ACCEPT") == "text/event-stream":
            return cast("Iterable[bytes]", parts)
        try:
            return [b"".join(parts)]
        finally:
            parts.close()

    return answer


def findings(page: Any) -> list[str]:
    """Return what axe finds wrong with a page."""
    # A click returns when the next page begins to come; half of one breaks rules that the whole keeps.
    page.wait_for_load_state()
    found = Axe().run(page, options=_AXE).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for rule in found
        for node in rule["nodes"]
    ]


def too_wide(page: Any) -> int:
    """Return by how many pixels a page scrolls sideways on a narrow screen, which it is left on."""
    page.set_viewport_size({"width": NARROW, "height": 800})
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def fits(page: Any) -> bool:
    """Tell whether a page fits a narrow screen; it is left on a wide one."""
    fitted = too_wide(page) <= 0
    page.set_viewport_size({"width": WIDE, "height": 900})
    return fitted


def in_english(paths: Iterable[str]) -> list[str]:
    """Return the addresses of the same pages in English."""
    return [f"{path}{'&' if '?' in path else '?'}lang=en" for path in paths]


@dataclass(frozen=True)
class Judge:
    """Opens pages of one kind, judges them, and keeps what was rendered in a folder for the linter."""

    page: Any
    address: str
    folder: Path
    kind: str

    def look(self, paths: Iterable[str]) -> list[str]:
        """Return what is wrong with pages: a rule broken, or too wide for a narrow screen."""
        return [f"{path} {problem}" for path in paths for problem in self._problems(path)]

    def _problems(self, path: str) -> list[str]:
        self.page.set_viewport_size({"width": WIDE, "height": 900})
        answer = self.page.goto(self.address + path)
        assert answer.status == 200, path
        problems = findings(self.page)
        if (wide := too_wide(self.page)) > 0:
            problems.append(f"{wide} pixels too wide at {NARROW}")
        self.keep(path)
        return problems

    def keep(self, path: str) -> None:
        """Save what was rendered, and a picture where pictures are wanted."""
        stem = self.kind + "".join(sign if sign.isalnum() else "_" for sign in path)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / f"{stem}.html").write_text(self.page.content(), encoding="utf-8")
        if os.environ.get("GUANFANG_PICTURES"):
            pictures(self.page, BUILD / "pictures", stem)


def pictures(page: Any, folder: Path, stem: str) -> None:
    """Keep a picture of a page on a wide and on a narrow screen."""
    folder.mkdir(parents=True, exist_ok=True)
    for width in (NARROW, WIDE):
        page.set_viewport_size({"width": width, "height": 900})
        page.screenshot(path=folder / f"{stem}-{width}.png", full_page=True)


def lint(folder: Path) -> str:
    """Return what the linter of Taiwan's rules says of kept pages; empty when they keep them.

    It passes over folders called build, so they are kept elsewhere. Without it nothing is said, but in CI.
    """
    if LINTER is None:
        return "needs a11y-moda, which `make setup` installs" if os.environ.get("CI") else ""
    result = subprocess.run(
        [LINTER, "lint", str(folder), "--level", "AA", "--fail-only", "--strict"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return "" if result.returncode == 0 else result.stdout[-4000:] + result.stderr[-1000:]
