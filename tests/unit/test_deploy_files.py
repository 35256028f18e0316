"""The files in deploy/ hold together, and keep what docs/deployment.md says of them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboard import __version__
from dashboard.web import middleware
from tests.dashboards import ADDRESSES
from tests.unit.test_settings import names_documented

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm"
COMPOSE = yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
NGINX = (DEPLOY / "nginx" / "image-dashboard.conf").read_text("utf-8")
UNITS = sorted((DEPLOY / "systemd").glob("image-dashboard*.service"))
OURS = [name for name in SERVICES if SERVICES[name]["image"] == "image-dashboard"]
# Python's own, known to whoever makes an image.
PYTHONS = {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}


def instructions(name: str) -> list[str]:
    return re.findall(rf"^{name} +(.+)$", DOCKERFILE, re.MULTILINE)


def unfiled(names: set[str]) -> set[str]:
    return {name.removesuffix("_FILE") for name in names}


def test_every_variable_they_set_is_in_the_readme() -> None:
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    image = set(re.findall(r"([A-Z_]+)=", re.findall(r"^ENV (.+)$", last, re.MULTILINE)[0]))
    compose = {name for service in OURS for name in SERVICES[service]["environment"]}
    settings = (DEPLOY / "systemd" / "settings").read_text("utf-8")
    systemd = set(re.findall(r"^([A-Z_]+)=", settings, re.MULTILINE))

    assert compose
    assert systemd
    assert unfiled(image | compose | systemd) - PYTHONS <= set(names_documented())


def test_what_the_image_copies_is_there_and_gets_in() -> None:
    let_in = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    sources = [
        source
        for line in instructions("COPY")
        if not line.startswith("--from")
        for source in line.split()[:-1]
    ]

    assert {"dashboard", "templates", "requirements/deploy.txt"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists()
        assert f"!{source.partition('/')[0]}" in let_in


def test_the_image_runs_as_nobody_in_particular_and_says_how_it_is() -> None:
    assert instructions("USER") == ["10001:10001"]
    assert len(instructions("FROM")) == 2
    assert re.fullmatch(r"BASE=\S+python:3\.13-slim@sha256:[0-9a-f]{64}", instructions("ARG")[0])
    assert len(instructions("HEALTHCHECK")) == 1
    assert all("--require-hashes" in line or "--no-index" in line for line in pip_installs())


def pip_installs() -> list[str]:
    steps = [step for line in instructions("RUN") for step in line.split("&&")]
    return [step for step in steps if re.search(r"\bpip (install|wheel)\b", step)]


def test_the_lock_of_the_image_has_what_the_tests_ran_with() -> None:
    deploy = pins("deploy.txt")

    assert deploy.items() <= pins("dev.txt").items()
    assert {"psycopg-binary", "redis", "oauthlib", "setuptools"} <= set(deploy)


def pins(name: str) -> dict[str, str]:
    """Each package and its version; every one of them has hashes."""
    text = (ROOT / "requirements" / name).read_text("utf-8")
    found = dict(re.findall(r"^([\w.-]+)==(\S+)(?: ;.*)? \\\n +--hash=sha256:", text, re.MULTILINE))
    assert len(found) == len(re.findall(r"^[\w.-]+==", text, re.MULTILINE))
    return found


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert COMPOSE["networks"]["data"]["internal"] is True
    assert SERVICES["proxy"]["networks"] == ["front"]
    for name in ("database", "cache", "lists"):
        assert SERVICES[name]["networks"] == ["data"]


@pytest.mark.parametrize("name", SERVICES)
def test_each_service_is_locked_in_watched_and_brought_back(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    if name == "prepare":
        assert service["restart"] == "no"
    else:
        assert service["restart"] == "unless-stopped"
        assert name in OURS or "test" in service["healthcheck"]
    for other in service.get("depends_on", {}):
        assert other in SERVICES
    for network in service["networks"]:
        assert network in COMPOSE["networks"]


def test_secrets_are_files_alone() -> None:
    used = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}

    assert used == set(COMPOSE["secrets"])
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert not re.search("SECRET|KEY|PASSWORD|_URL$", name) or name.endswith(
                ("_FILE", "PUBLIC_URL")
            )
            if name.endswith("_FILE"):
                assert Path(value).parent == Path("/run/secrets")
                assert Path(value).name in service["secrets"]


def test_the_chart_is_of_this_release_and_sets_what_the_readme_has() -> None:
    about, values = (
        yaml.safe_load((CHART / name).read_text("utf-8")) for name in ("Chart.yaml", "values.yaml")
    )
    schema = json.loads((CHART / "values.schema.json").read_text("utf-8"))
    templates = "".join(path.read_text("utf-8") for path in (CHART / "templates").iterdir())

    assert about["appVersion"] == __version__
    assert set(values) <= set(schema["properties"])
    assert unfiled(set(re.findall(r"name: ([A-Z_]{2,})", templates))) <= set(names_documented())
    # The same files as with containers; valkey's and PostgreSQL's own are not the chart's.
    files = set(re.findall(r"/run/secrets/\w+/(\w+)", templates))
    assert files <= set(COMPOSE["secrets"])
    assert {"secret_key", "token_keys", "audit_keys", "owner_url"} <= files


def test_the_proxy_knows_the_dashboards() -> None:
    servers = re.findall(r"server ([\w-]+):8000 ", (DEPLOY / "compose/upstream.conf").read_text())
    files = [line.split(":")[0] for line in SERVICES["proxy"]["volumes"]]

    assert servers == ["dashboard-1", "dashboard-2"]
    assert set(servers) <= set(OURS)
    for path in files:
        assert path == "./tls" or (DEPLOY / "compose" / path).is_file()


def secrets_made(folder: Path) -> dict[str, str]:
    script = shutil.copy(DEPLOY / "compose" / "make-secrets.sh", folder)
    subprocess.run(["sh", script], check=True)
    return {path.name: path.read_text() for path in (folder / "secrets").iterdir()}


def test_secrets_are_made_once_and_are_taken(tmp_path: Path) -> None:
    made = [secrets_made(tmp_path) for _ in range(2)]

    assert made[0] == made[1]
    assert set(made[0]) == set(COMPOSE["secrets"])
    addresses = [made[0][name].split("@")[0] for name in ("owner_url", "database_url")]
    roles = [re.fullmatch(r"postgres://(\w+):[0-9a-f]{64}", each) for each in addresses]
    assert [each and each[1] for each in roles] == ["image_dashboard_owner", "image_dashboard"]
    variables = {
        f"{name.upper()}_FILE": str(tmp_path / "secrets" / name)
        for name in ("secret_key", "token_keys", "audit_keys", "database_url", "cache_url")
    }
    assert clean(variables | {"VAR_DIR": str(tmp_path / "var")})
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize(
    ("service", "address", "policy"),
    [("cache", "cache_url", "noeviction"), ("lists", "cache_lists_url", "allkeys-lru")],
)
def test_each_cache_has_a_password_and_only_that_of_lists_makes_room(
    tmp_path: Path, service: str, address: str, policy: str
) -> None:
    made = secrets_made(tmp_path)
    [file] = SERVICES[service]["secrets"]
    conf = dict(line.split(" ", 1) for line in made[file].splitlines())

    assert SERVICES[service]["command"] == ["valkey-server", f"/run/secrets/{file}"]
    assert made[address].strip() == f"redis://:{conf['requirepass']}@{service}:6379/0"
    assert re.fullmatch("[0-9a-f]{64}", conf["requirepass"])
    assert conf["maxmemory-policy"] == policy
    guide = (ROOT / "docs" / "deployment.md").read_text("utf-8")
    assert f"`{conf['maxmemory']}`, `{policy}`" in guide


def test_djangos_check_of_a_deployment_has_nothing_to_say(tmp_path: Path) -> None:
    assert clean({"VAR_DIR": str(tmp_path)})


def clean(variables: dict[str, str]) -> bool:
    """What `manage.py check --deploy` says behind HTTPS, a warning being as bad as an error."""
    here = (*ADDRESSES, "DJANGO_ALLOW_ASYNC_UNSAFE")  # the last one is of browsers' tests
    elsewhere = {name: value for name, value in os.environ.items() if name not in here}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        env=elsewhere | {"PUBLIC_URL": "https://images.example.com"} | variables,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return "no issues" in done.stdout


def test_nginx_says_of_its_own_answers_what_the_dashboard_says() -> None:
    for name, value in middleware.HEADERS.items():
        variable = f"$upstream_http_{name.lower().replace('-', '_')}"
        said = re.search(rf'map {re.escape(variable)} (\$\w+) {{\s*"" "([^"]*)"', NGINX)
        assert said, name
        assert f"add_header {name} {said[1]} always;" in NGINX
        assert said[2] == value or name == "Content-Security-Policy"


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_each_unit_is_locked_in(unit: Path) -> None:
    lines = unit.read_text("utf-8").splitlines()

    for line in (
        "User=image-dashboard",
        "ProtectSystem=strict",
        "NoNewPrivileges=yes",
        "CapabilityBoundingSet=",
        "SystemCallFilter=@system-service",
        "Restart=always",
    ):
        assert line in lines


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    """Where systemd is; elsewhere every line must at least be one that such a file can have."""
    files = sorted((DEPLOY / "systemd").glob("image-dashboard*.*"))
    for path in files:
        text = path.read_text("utf-8").replace(
            "/opt/image-dashboard/current/bin/image-dashboard", "/bin/sh"
        )
        (tmp_path / path.name.replace("@.", "@8001.")).write_text(text.replace("%i", "8001"))
        for line in text.splitlines():
            assert re.fullmatch(r"(#.*|\[\w+\]|\w+=.*)?", line)
    if shutil.which("systemd-analyze"):
        done = subprocess.run(
            ["systemd-analyze", "verify", *tmp_path.iterdir()], capture_output=True, text=True
        )
        about_ours = [line for line in done.stderr.splitlines() if "image-dashboard" in line]
        assert (done.returncode, about_ours) == (0, [])


def test_alerts_fire_when_they_should_and_not_before() -> None:
    promtool = shutil.which("promtool")
    if not promtool:
        pytest.skip(
            "NOBODY TRIED the alerts: there is no promtool. On Debian: apt-get install prometheus"
        )
    command = [promtool, "test", "rules", "alerts_test.yml"]
    done = subprocess.run(
        command, cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
