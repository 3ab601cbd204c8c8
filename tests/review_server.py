"""`python -m tests.review_server FOLDER`: a review page that can be killed and started again in no time.

Each line on standard input starts a server in a child process; its process id and port are printed. Everything is imported once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pipeline.review.web.server import Address, run
from tests.review_page import office_of, users_of


def main(folder: Path) -> None:
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            office = office_of(folder, [])
            run(office, users_of(office), "2024-07", Address("127.0.0.1", 0), "zh", lambda url: print(os.getpid(), url, flush=True))
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
