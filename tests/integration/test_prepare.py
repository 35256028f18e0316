"""`manage.py prepare`: on every machine, before each start, so it may be run twice at once."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.dashboards import ON_SERVERS, ROOT, backends

pytestmark = pytest.mark.backend


def prepare(environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "manage.py", "prepare"],
        env=os.environ | environment,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_several_at_once_do_no_harm(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)  # as a folder that somebody made
    with backends() as addresses:
        environment = addresses | {"VAR_DIR": str(tmp_path)}
        said = [process.communicate()[1] for process in [prepare(environment) for _ in range(2)]]

        assert said == ["", ""]
        check = [sys.executable, "manage.py", "migrate", "--check"]
        assert subprocess.run(check, env=os.environ | environment, cwd=ROOT).returncode == 0
    assert (tmp_path / "db.sqlite3").is_file() != ON_SERVERS
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} <= {0o600}
