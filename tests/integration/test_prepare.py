"""`manage.py prepare`: on every machine, before each start, so it may be run twice at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def prepare(var: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "prepare"],
        env=os.environ | {"VAR_DIR": str(var)},
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_several_at_once_do_no_harm(tmp_path: Path) -> None:
    said = [process.communicate()[1] for process in [prepare(tmp_path) for _ in range(2)]]

    assert said == ["", ""]
    assert (tmp_path / "db.sqlite3").is_file()
