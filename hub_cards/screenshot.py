"""The page of metrics/llamoco/app.py in a headless Chromium: for the README's picture and for the test of the page.

`make screenshot` redraws hub_cards/records/space.png. Needs playwright (extra "dev") and a system Chromium.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

APP = Path("metrics") / "llamoco" / "app.py"
PICTURE = Path("hub_cards") / "records" / "space.png"
START_LIMIT = 180.0
JOB_LIMIT = 150.0
OVER = ", ".join(f".lm-view:not(.old) .lm-{kind}" for kind in ("ok", "warn", "bad"))
CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def find_chromium() -> str | None:
    """Find the system's Chromium; None if there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next((path for name in names if (path := shutil.which(name))), None)


@contextmanager
def running_app(app: Path, environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """Start the page on a free local port; yields its address.

    Args:
        app: path to app.py.
        environment: variables in addition to this process's own.

    Raises:
        RuntimeError: if the page does not start.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, str(app), "--port", str(port)]
    process = subprocess.Popen(command, env=os.environ | dict(environment or {}), stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + START_LIMIT
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{app} did not start; its error is above")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def browser(chromium: str) -> Iterator[Browser]:
    """Open a headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_OPTIONS))
        try:
            yield opened
        finally:
            opened.close()


def solve_on_page(page: Page) -> str:
    """Press the button, wait for the end of the job and return the text of the results."""
    # The results will be a new element. The locator waits for the present one, which may appear after the button.
    page.locator(".lm-view").evaluate("view => view.classList.add('old')")
    page.click("#start")
    page.wait_for_selector(OVER, timeout=1000 * JOB_LIMIT)
    return page.inner_text(".lm-view")


def main() -> None:
    """Take the picture: the first example, five runs of the shipped model's program."""
    chromium = find_chromium()
    if chromium is None:
        sys.exit("error: this machine has no Chromium; install it (apt install chromium)")
    with running_app(APP) as address, browser(chromium) as opened:
        page = opened.new_page(viewport={"width": 1280, "height": 900}, color_scheme="light")
        page.goto(address)
        page.wait_for_selector("#start")
        runs = page.get_by_label("number input for Runs")
        runs.fill("5")
        runs.press("Enter")
        print(solve_on_page(page))
        page.wait_for_timeout(1000)
        page.screenshot(path=PICTURE, full_page=True)
    print(f"written: {PICTURE}")


if __name__ == "__main__":
    main()
