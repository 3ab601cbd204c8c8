"""Has the machine's own cron run the line that `schedule` prints: python bench/faults/cron.py CONFIG MONTH

Puts the line into the user's crontab for a minute (with every minute in place of the day, and the month that is asked for), waits until the
run has been noted, and puts the crontab back as it was. Needs a cron daemon.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from pipeline import config, lastrun  # noqa: E402
from pipeline.commands.schedule import crontab_line  # noqa: E402

WAIT_S = 300


def crontab(text: str | None) -> str:
    """The user's crontab; `text` in its place where one is given."""
    if text is None:
        return subprocess.run(["crontab", "-l"], capture_output=True, text=True, check=False).stdout
    subprocess.run(["crontab", "-"], input=text, text=True, check=True)
    return text


def main() -> int:
    project, month = config.load(Path(sys.argv[1])), sys.argv[2]
    line = re.sub(r"^\S+ \S+ \S+ \* \*", "* * * * *", crontab_line(project)) + f" --month {month}"
    before, noted = crontab(None), lastrun.read(project.logs)
    print(line, flush=True)
    crontab(f"{before}{line}\n")
    try:
        until = time.monotonic() + WAIT_S
        while (found := lastrun.read(project.logs)) == noted:
            if time.monotonic() > until:
                print("cron has not run it: is its daemon running?")
                return 1
            time.sleep(1)
    finally:
        crontab(before)
    print(f"cron ran {found['month'] if found else '?'}: exit code {found['exit_code'] if found else '?'}")
    return 0 if found and found["exit_code"] in (0, 3) else 1


if __name__ == "__main__":
    sys.exit(main())
