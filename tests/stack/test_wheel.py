"""The wheel that a release is: installed, it serves with one command, from any directory."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard import __version__
from tests.dashboards import ON_SERVERS, ROOT
from tests.stack.running import free_port, wait_until_ready

pytestmark = pytest.mark.skipif(
    ON_SERVERS, reason="a wheel stands on files of its own here, and is tried beside SQLite"
)
OURS = re.compile(
    r"VAR_DIR|STATIC_DIR|PORT|HOST|PUBLIC_URL|DATABASE_URL|CACHE_URL|CACHE_LISTS_URL|DJANGO_SETTINGS.*"
)
SOURCES = ("dashboard", "images", "templates", "static", "locale", "requirements", "deploy", "docs")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin directory of an environment with nothing of ours but the wheel. What it depends on is
    borrowed from this one."""
    folder = tmp_path_factory.mktemp("release")
    sources = folder / "sources"
    leave = shutil.ignore_patterns("__pycache__", "*.mo")
    for name in SOURCES:
        shutil.copytree(ROOT / name, sources / name, ignore=leave)
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, sources)
    build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), "."]
    run(build, cwd=sources)
    shutil.rmtree(sources)

    run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")])
    python = folder / "venv" / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install"]
    (wheel,) = folder.glob("*.whl")
    run([*pip, "--quiet", "--no-deps", "--no-index", "--no-compile", str(wheel)])
    (site,) = folder.glob("venv/lib/python*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python.parent


def run(command: list[str], cwd: Path | None = None) -> str:
    done = subprocess.run(
        command, cwd=cwd, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not OURS.fullmatch(name)}
    return kept | more


@pytest.fixture(scope="module")
def address(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where it answers, started in an empty directory."""
    port, here = free_port(), tmp_path_factory.mktemp("anywhere")
    server = subprocess.Popen(
        [installed / "image-dashboard"], cwd=here, env=environment(PORT=str(port))
    )
    try:
        wait_until_ready(port)
        yield f"http://127.0.0.1:{port}"
        assert {path.name for path in here.iterdir()} == {"var"}
    finally:
        server.terminate()
        server.wait()


def get(url: str, language: str = "en") -> str:
    request = urllib.request.Request(url, headers={"Accept-Language": language})
    with urllib.request.urlopen(request) as answer:
        return str(answer.read().decode())


def test_an_installed_wheel_serves_its_pages_and_files(address: str) -> None:
    page = get(f"{address}/accounts/login/")

    assert "Sign in" in page
    for asset in re.findall(r'(?:href|src)="(/static/[^"]+)"', page):
        assert re.search(r"\.[0-9a-f]{12}\.", asset)
        assert get(f"{address}{asset}")
    assert ".css" in page


def test_it_speaks_chinese(address: str) -> None:
    assert "登录" in get(f"{address}/accounts/login/", "zh-CN")


def test_everything_else_is_behind_the_same_command(installed: Path, tmp_path: Path) -> None:
    command = str(installed / "image-dashboard")

    assert run([command, "--version"], tmp_path).strip() == __version__
    assert "no issues" in run([command, "manage", "check"], tmp_path)


def test_it_brings_the_versions_it_was_tested_with(installed: Path) -> None:
    inside = next(installed.parent.glob("lib/python*/site-packages/dashboard/requirements"))

    assert (inside / "deploy.txt").read_text() == (ROOT / "requirements/deploy.txt").read_text()
