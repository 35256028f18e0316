"""The container image of deploy/Dockerfile: built, and its commands run.

Its base cannot be had everywhere, so this one is Debian 13 with its Python 3.13; what is installed
from the package index comes from files, held to the lock's hashes, and the build has no network.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard import __version__
from tests.dashboards import ON_SERVERS, ROOT
from tests.stack.running import free_port, wait_until_ready

TOOLS = ("buildah", "mmdebstrap")
pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(
        not all(map(shutil.which, TOOLS)) or os.getuid() != 0,
        reason="NOT TRIED: building the image takes root, and Debian's buildah and mmdebstrap",
    ),
    pytest.mark.skipif(ON_SERVERS, reason="the image is the same, and is tried beside SQLite"),
]
BASE = "localhost/python-base"
PIP = "[global]\nno-index = true\nfind-links = /wheels\n"


class Buildah:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = os.environ | {"BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs"}
        self.root = ("--root", str(folder / "storage"), "--runroot", str(folder / "run"))

    def __call__(self, *arguments: str) -> str:
        done = subprocess.run(
            ["buildah", *self.root, *arguments],
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def buildah(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buildah]:
    folder = tmp_path_factory.mktemp("image")
    yield Buildah(folder)
    # Whole systems, several times over.
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def container(buildah: Buildah) -> str:
    """One of the image, which was built as docs/deployment.md says, but for its base."""
    _make_base(buildah)
    wheels, pip = buildah.folder / "wheels", buildah.folder / "pip.conf"
    pip.write_text(PIP)
    lock = ROOT / "requirements" / "deploy.txt"
    download = ("-m", "pip", "download", "--quiet", "--require-hashes", "--only-binary", ":all:")
    version = ("--python-version", "3.13", "--dest", str(wheels), "--requirement", str(lock))
    subprocess.run([sys.executable, *download, *version], check=True)
    given = ("--volume", f"{wheels}:/wheels:ro", "--volume", f"{pip}:/etc/pip.conf:ro")
    way = ("--network", "none", "--format", "docker", "--build-arg", f"BASE={BASE}")
    what = ("-f", "deploy/Dockerfile", "-t", "image-dashboard", ".")
    buildah("build", "--quiet", *way, *given, *what)
    return buildah("from", "image-dashboard")


def _make_base(buildah: Buildah) -> None:
    archive = buildah.folder / "base.tar"
    system = ("--variant=minbase", "--include=python3-venv,ca-certificates", "trixie")
    subprocess.run(["mmdebstrap", "--quiet", *system, str(archive)], check=True)
    base = buildah("from", "scratch")
    buildah("add", "--quiet", base, str(archive), "/")
    buildah("run", base, "--", "ln", "-s", "python3", "/usr/bin/python")
    buildah("commit", "--quiet", base, BASE)
    archive.unlink()


def test_its_command_prepares_serves_and_stops_as_a_user_without_rights(
    buildah: Buildah, container: str
) -> None:
    config = json.loads(buildah("inspect", container))["Docker"]["config"]
    assert (config["Entrypoint"], config["Cmd"]) == (["image-dashboard"], ["serve"])
    assert config["User"] == "10001:10001"
    run = ("run", container, "--")
    assert buildah(*run, "image-dashboard", "--version") == __version__
    assert buildah(*run, "python", "-c", "import sys; print(sys.version_info[:2])") == "(3, 13)"
    rights = "id -u; test ! -w /opt/image-dashboard && ! command -v pip"
    assert buildah(*run, "sh", "-c", rights) == "10001"

    buildah(*run, "image-dashboard", "manage", "prepare")
    port = free_port()
    here = ("--env", f"PORT={port}", "--env", "HOST=127.0.0.1")
    command = ("run", *here, container, "--", *config["Entrypoint"], *config["Cmd"])
    with subprocess.Popen(
        ["buildah", *buildah.root, *command],
        env=buildah.env,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as serving:
        try:
            wait_until_ready(port)
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/accounts/login/") as page:
                text = page.read().decode()
            style = text.partition('rel="stylesheet" href="')[2].partition('"')[0]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{style}") as file:
                assert file.status == 200
        finally:
            os.killpg(serving.pid, signal.SIGTERM)
