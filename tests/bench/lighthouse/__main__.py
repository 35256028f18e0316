"""`make lighthouse`: what Lighthouse says of the list with 10,000 images; fails below LEAST."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from tests.bench.stack import Stack, stack
from tests.browser.conftest import FLAGS, chromium

PROGRAM = Path(__file__).parent / "node_modules" / ".bin" / "lighthouse"
IMAGES = 10_000
ROUNDS = 3
LEAST = {"accessibility": 100, "best-practices": 95, "performance": 95}
# A phone on a slow line, which is what Lighthouse plays unless told otherwise, and a desk.
DEVICES: dict[str, list[str]] = {"phone": [], "desk": ["--preset=desktop"]}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.lighthouse", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--report", type=Path, help="a folder for the reports as HTML")
    options = parser.parse_args()
    missed = False
    with stack(IMAGES, INVENTORY_FRESH_SECONDS="3600") as running:
        running.get("/images/")
        print(f"{IMAGES:,} images, median of {options.rounds}")
        for device, more in DEVICES.items():
            rounds = [
                _scores(running, [*more, *_report(options.report, device)])
                for _ in range(options.rounds)
            ]
            for name, least in LEAST.items():
                score = median(scores[name] for scores in rounds)
                missed |= score < least
                told = "MISSED" if score < least else ""
                print(f"  {device:6} {name:16}{score:5.0f}  at least {least:3} {told}")
    sys.exit(missed)


def _report(folder: Path | None, device: str) -> list[str]:
    if folder is None:
        return []
    folder.mkdir(parents=True, exist_ok=True)
    return ["--output=html", f"--output-path={folder / device}"]


def _scores(running: Stack, more: list[str]) -> dict[str, float]:
    """Of one visit: each category out of 100."""
    command = [
        str(PROGRAM),
        f"{running.url}/images/",
        "--quiet",
        "--output=json",
        f"--only-categories={','.join(LEAST)}",
        f"--extra-headers={json.dumps({'Cookie': running.cookie})}",
        f"--chrome-flags={' '.join(['--headless=new', *FLAGS])}",
        *more,
    ]
    environment = {**os.environ, "CHROME_PATH": chromium()}
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    categories = json.loads(done.stdout)["categories"]
    return {name: categories[name]["score"] * 100 for name in LEAST}


if __name__ == "__main__":
    main()
