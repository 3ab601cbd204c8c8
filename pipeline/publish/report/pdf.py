"""The report on paper: printed by a browser that this computer has, since the page is made to be printed by one."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from pipeline.errors import Exit, MinewardenError
from pipeline.files import write_atomic

NAME = "report.pdf"
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "microsoft-edge-stable", "microsoft-edge", "msedge")
"""Programs that print a page by the same command."""
SECONDS = 900
"""Three thousand cases, three hundred pages, take one or two minutes."""
_OPTIONS = (
    "--headless", "--disable-gpu", "--no-first-run", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip


def write(path: Path, html: str) -> None:
    """Print a page.

    Raises MinewardenError `MW-PDF-BROWSER` where there is no browser, `MW-PDF-FAILED` where it made no PDF.
    """
    browser = find()
    with tempfile.TemporaryDirectory(prefix="minewarden-pdf-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        page, made = folder / "report.html", folder / NAME
        page.write_text(html, "utf-8", "replace")
        said = run(browser, folder, "--no-pdf-header-footer", "--disable-pdf-tagging", f"--print-to-pdf={made}", page.as_uri())
        data = made.read_bytes() if made.is_file() else b""
    if not (data.startswith(b"%PDF-") and data.rstrip().endswith(b"%%EOF")):
        fix = f"Open report.html in any browser and print it to a file. A browser from a snap package can't read {folder.parent}."
        raise MinewardenError("MW-PDF-FAILED", f"{browser} made no PDF ({said}).", fix, Exit.FAULT)
    write_atomic(path, data)


def find() -> str:
    """The browser that prints.

    Raises MinewardenError `MW-PDF-BROWSER`.
    """
    for name in BROWSERS:
        if found := shutil.which(name):
            return found
    fix = f"Install Chromium, or open report.html in any browser and print it to a file (looked for {', '.join(BROWSERS)})."
    raise MinewardenError("MW-PDF-BROWSER", "A PDF needs Chromium, Chrome or Edge, and none is found.", fix)


def run(browser: str, folder: Path, *arguments: str) -> str:
    """Have a browser do something without a window, its traces in a folder; how it ended."""
    # Its sandbox refuses to work for root.
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    command = [browser, *_OPTIONS, *sandbox, f"--user-data-dir={folder / 'profile'}", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        return f"exit code {process.wait(SECONDS)}"
    except subprocess.TimeoutExpired:
        return f"not ready after {SECONDS} s"
    finally:
        # Its helpers too.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
