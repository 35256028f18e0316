"""The API does what its description says, whatever it is asked: schemathesis tries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.integration.api.conftest import API, Script
from tests.marks import many

CONFIG = Path(__file__).with_name("schemathesis.toml")


@pytest.mark.django_db(databases="__all__", transaction=True)
def test_schemathesis_finds_nothing(
    address: str, script: Script, settings: Settings, tmp_path: Path
) -> None:
    """Every check it has, with data that fits the description and data that does not."""
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    found = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"),
            *("--config-file", str(CONFIG), "run", f"{address}{API}/openapi.json"),
            *("--header", f"Authorization: Bearer {script.secret}"),
            *("--checks", "all", "--max-examples", str(many(1, 5)), "--seed", "1", "--no-color"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert found.returncode == 0, found.stdout + found.stderr
