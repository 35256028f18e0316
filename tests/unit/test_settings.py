"""Settings come from the environment alone: documented, strict, safe with nothing set."""

from __future__ import annotations

import ast
import os
import re
import runpy
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

ROOT = Path(__file__).parents[2]
READERS = (
    "dashboard/settings.py",
    "dashboard/gunicorn.py",
    "dashboard/single_signon.py",
    "dashboard/storage.py",
)
SECRET = "correct-horse-battery"

Settings = dict[str, Any]
Start = Callable[..., Settings]


def names_read(path: Path) -> Iterator[str]:
    """Every name that `environment.….("NAME", …)` or `os.environ.get("NAME", …)` is called with."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and node.args:
            reads = re.fullmatch(r"environment\.\w+|os\.environ\.get", ast.unparse(node.func))
            name = node.args[0]
            if reads and isinstance(name, ast.Constant):
                yield str(name.value)


def names_documented() -> list[str]:
    """The first column of the README's table of settings."""
    readme = (ROOT / "README.md").read_text("utf-8")
    table = readme.partition("## Settings")[2].partition("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`([A-Z_]+)`", cell)]


NAMES = sorted({name for path in READERS for name in names_read(ROOT / path)})


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Start:
    """The settings of a process that starts with these variables and no others of ours."""
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)

    def start(**variables: str) -> Settings:
        with monkeypatch.context() as patch:
            for name, value in {"VAR_DIR": str(tmp_path / "var"), **variables}.items():
                patch.setenv(name, value)
            return runpy.run_path(str(ROOT / "dashboard" / "settings.py"))

    return start


def test_with_nothing_set_it_runs_on_this_machine(start: Start, tmp_path: Path) -> None:
    settings = start()

    assert settings["DEBUG"] is False
    assert settings["ALLOWED_HOSTS"] == ["localhost", "127.0.0.1", "[::1]"]
    assert settings["DIDIYUN_API_URL"] == "https://open.didiyunapi.com"
    databases = {alias: each["NAME"] for alias, each in settings["DATABASES"].items()}
    assert databases == {
        "default": tmp_path / "var" / "db.sqlite3",
        "cache": tmp_path / "var" / "cache.sqlite3",
    }
    assert settings["SESSION_COOKIE_SECURE"] is False
    assert settings["SECURE_SSL_REDIRECT"] is False


def test_every_name_that_is_read_is_documented_and_the_other_way_round() -> None:
    assert sorted(names_documented()) == NAMES


def test_the_longest_reading_of_the_cloud_ends_before_the_worker_is_stopped(start: Start) -> None:
    server = runpy.run_path(str(ROOT / "dashboard" / "gunicorn.py"))

    assert start(UPSTREAM_DEADLINE_SECONDS="50")["UPSTREAM_DEADLINE_SECONDS"] < server["timeout"]
    with pytest.raises(ImproperlyConfigured):
        start(UPSTREAM_DEADLINE_SECONDS="51")


INVALID = {
    ("DIDIYUN_API_URL", "open.didiyunapi.com"): "not an http(s) address",
    ("DIDIYUN_API_URL", "file:///etc/passwd"): "not an http(s) address",
    ("PUBLIC_URL", "dashboard.example"): "not an http(s) address",
    ("UPSTREAM_DEADLINE_SECONDS", "0"): "not a whole number from 1 to 50",
    ("UPSTREAM_DEADLINE_SECONDS", "1.5"): "not a whole number from 1 to 50",
    ("DEMO", "demo"): "not of the form user/password",
    ("DEMO", "demo/demo"): "only a sandbox cloud on this machine",
    ("UPSTREAM_DEADLINE_SECONDS", "soon"): "not a whole number from 1 to 50",
    ("INVENTORY_FRESH_SECONDS", "-1"): "not a whole number from 1 to 86400",
    ("INVENTORY_STALE_SECONDS", "99999999999"): "not a whole number from 1 to",
    ("INVENTORY_MEMORY_MB", "1"): "not a whole number from 16 to",
    ("INVENTORY_IDLE_SECONDS", "0"): "not a whole number from 1 to 86400",
    ("UPSTREAM_CALLS_PER_SECOND", "many"): "not a whole number from 0 to 100000",
    ("PORT", "99999"): "not a whole number from 1 to 65535",
    ("DEBUG", "maybe"): "neither yes nor no",
    ("LOG_LEVEL", "chatty"): "is not DEBUG, INFO, WARNING or ERROR",
    ("DATABASE_URL", f"my database {SECRET}"): "not a database address",
    ("DATABASE_URL", f"oracel://me:{SECRET}@db/images"): "not a database address",
    (
        "DATABASE_URL",
        f"mysql://me:{SECRET}@db/images",
    ): "not a database address such as postgres://",
    ("DATABASE_URL", f"postgres://me:{SECRET}@[::1/i"): "not a database address",
    ("DATABASE_URL", f"postgres://me:{SECRET}@db/i?sslmod=require"): "not a database address",
    ("DATABASE_URL", "sqlite://"): "not a database address such as postgres://",
    ("DATABASE_URL", "sqlite:////var/db.sqlite3?pool=true"): "pool=true is for PostgreSQL alone",
    ("DATABASE_URL", f"postgres://me:{SECRET}@db/i?pool=4"): "pool is neither true nor false",
    ("CACHE_URL", f"memcached://me:{SECRET}@cache"): "not a redis://",
    ("CACHE_URL", f"me:{SECRET}@cache"): "not a redis://",
    ("CACHE_URL", f"redis://:{SECRET}@cache/lists"): "its database is not a number",
    ("CACHE_LISTS_URL", f"memcached://me:{SECRET}@cache"): "not a redis://",
    ("CACHE_LISTS_URL", f"redis://:{SECRET}@cache"): "without CACHE_URL",
    ("PUBLIC_URL", "https://example.com/images"): "has more than a host",
    ("PUBLIC_URL", "https://example.com?images"): "has more than a host",
    ("TRUSTED_PROXIES", "the proxy"): "not addresses such as",
    ("TOKEN_CHECKS_PER_MINUTE", "0"): "not a whole number from 1 to",
    ("EXPORTS_AT_ONCE", "many"): "not a whole number from 1 to",
    ("METRICS_NETWORKS", "10.0.0.0/33"): "not addresses such as",
    ("METRICS_NETWORKS", "10.1.2.3/8"): "has host bits set",
    ("METRICS_NETWORKS", "localhost"): "not addresses such as",
    ("METRICS_KEY", "short"): "shorter than 16 characters",
    ("AUDIT_KEYS", f"{'a' * 32},{SECRET}"): "a key is shorter than 32 characters",
    ("SENTRY_DSN", f"{SECRET}@errors.example/1"): "not of the form",
    ("SENTRY_DSN", "https://errors.example/1"): "not of the form",
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"): "not an http(s) address",
}


@pytest.mark.parametrize(("name", "value"), INVALID)
def test_an_invalid_setting_stops_the_start_and_says_why(
    start: Start, name: str, value: str
) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        start(**{name: value})

    assert str(caught.value).startswith(f"{name}: ")
    assert INVALID[name, value] in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_who_may_read_the_metrics(start: Start) -> None:
    found = [
        [str(network) for network in start(METRICS_NETWORKS=each)["METRICS_NETWORKS"]]
        for each in ("", "none", "10.0.0.0/8,fd00::/8, 192.0.2.7")
    ]

    assert found[:2] == [["127.0.0.0/8", "::1/128"], []]
    assert found[2] == ["10.0.0.0/8", "fd00::/8", "192.0.2.7/32"]


def test_the_demo_has_its_cloud_on_this_machine(start: Start) -> None:
    assert start()["DEMO"] is None
    demo = start(DEMO="demo/a/b", DIDIYUN_API_URL="http://127.0.0.1:8080")
    assert demo["DEMO"] == ("demo", "a/b")


def test_words_for_yes_and_no(start: Start) -> None:
    assert [start(DEBUG=word)["DEBUG"] for word in ("1", "true", "YES", " on ")] == [True] * 4
    assert [start(DEBUG=word)["DEBUG"] for word in ("0", "False", "no", "off", "")] == [False] * 5


def test_https_is_all_or_nothing(start: Start) -> None:
    plain, secure = start(PUBLIC_URL="http://a.example"), start(PUBLIC_URL="https://a.example/")

    switches = ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "LANGUAGE_COOKIE_SECURE")
    for switch in (*switches, "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS"):
        assert not plain[switch]
        assert secure[switch]
    assert plain["SECURE_PROXY_SSL_HEADER"] is None
    assert secure["CSRF_TRUSTED_ORIGINS"] == ["https://a.example"]
    assert "a.example" in secure["ALLOWED_HOSTS"]


def test_hosts_are_named_with_commas_between(start: Start) -> None:
    assert start(ALLOWED_HOSTS=" a.example, b.example ,")["ALLOWED_HOSTS"] == [
        "a.example",
        "b.example",
    ]


def test_a_database_elsewhere(start: Start) -> None:
    database = start(DATABASE_URL="postgres://me:p%40ss@db.example:5433/images")["DATABASES"]

    assert database["default"]["ENGINE"] == "django.db.backends.postgresql"
    kept = [database["default"][part] for part in ("NAME", "USER", "PASSWORD", "HOST", "PORT")]
    assert kept == ["images", "me", "p@ss", "db.example", "5433"]
    assert set(database) == {"default", "cache"}


def test_a_database_behind_a_socket_with_a_pool(start: Start) -> None:
    url = "postgresql:///images?host=/run/postgresql&sslmode=require&pool=true"
    default = start(DATABASE_URL=url)["DATABASES"]["default"]

    assert (default["NAME"], default["HOST"]) == ("images", "/run/postgresql")
    assert set(default["OPTIONS"]) == {"sslmode", "pool"}


def test_a_database_file_elsewhere_is_as_the_one_in_var(start: Start, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a%20file.sqlite3"
    default, in_var = (
        start(DATABASE_URL=url)["DATABASES"]["default"],
        start()["DATABASES"]["default"],
    )

    assert default["NAME"] == tmp_path / "a file.sqlite3"
    assert {name for name in default if default[name] != in_var[name]} == {"NAME", "TEST"}


@pytest.mark.parametrize(
    ("url", "location", "of_lists"),
    [
        (
            "redis://:p@c.example:6379/1",
            "redis://:p@c.example:6379/1",
            "redis://:p@c.example:6379/2",
        ),
        ("rediss://c.example", "rediss://c.example", "rediss://c.example/1"),
        ("rediss://c.example/?a=b", "rediss://c.example/?a=b", "rediss://c.example/1?a=b"),
        ("redis://c.example?db=9", "redis://c.example?db=9", "redis://c.example?db=10"),
        ("valkey://c.example/0", "redis://c.example/0", "redis://c.example/1"),
        ("valkeys://valkey.example/0", "rediss://valkey.example/0", "rediss://valkey.example/1"),
        ("redis://valkey.example/0", "redis://valkey.example/0", "redis://valkey.example/1"),
        ("unix:///run/redis?db=2", "unix:///run/redis?db=2", "unix:///run/redis?db=3"),
        ("unix:///run/redis", "unix:///run/redis", "unix:///run/redis?db=1"),
    ],
)
def test_caches_elsewhere_need_no_database(
    start: Start, url: str, location: str, of_lists: str
) -> None:
    settings = start(CACHE_URL=url)

    assert settings["CACHES"]["default"]["LOCATION"] == location
    assert settings["CACHES"]["lists"]["LOCATION"] == of_lists
    assert set(settings["DATABASES"]) == {"default"}
    assert "DATABASE_ROUTERS" not in settings


def test_lists_can_have_a_server_of_their_own(start: Start) -> None:
    caches = start(CACHE_URL="redis://a.example/0", CACHE_LISTS_URL="valkey://b.example/0")[
        "CACHES"
    ]

    assert caches["default"]["LOCATION"] == "redis://a.example/0"
    assert caches["lists"]["LOCATION"] == "redis://b.example/0"


# Secrets


def test_keys_are_made_once_and_only_for_the_owner(start: Start, tmp_path: Path) -> None:
    first, second = start(), start()

    for name in ("SECRET_KEY", "TOKEN_KEYS", "AUDIT_KEYS"):
        assert first[name] == second[name]
        assert len(first[name]) > 40
        path = tmp_path / "var" / name.lower()
        assert path.read_text().strip() == first[name]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
    assert first["SECRET_KEY"] not in first["TOKEN_KEYS"]
    made = sorted(path.name for path in (tmp_path / "var").iterdir())
    assert made == ["audit_keys", "cache.sqlite3", "db.sqlite3", "secret_key", "token_keys"]


def test_a_database_file_is_for_its_owner_alone_also_where_the_folder_was_not(
    start: Start, tmp_path: Path
) -> None:
    (tmp_path / "var").mkdir(mode=0o755)
    there = [tmp_path / "var" / f"cache.sqlite3{end}" for end in ("", "-wal", "-shm")]
    for path in there:
        path.touch(0o644)
    start()

    for path in (*there, tmp_path / "var" / "db.sqlite3"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_keys_that_are_given_are_not_written_down(start: Start, tmp_path: Path) -> None:
    given = {"SECRET_KEY": SECRET, "TOKEN_KEYS": "k1:AAAA", "AUDIT_KEYS": f"{'a' * 32}, {'b' * 32}"}
    settings = start(**given)

    assert {name: settings[name] for name in given} == given
    assert not list((tmp_path / "var").glob("*key*"))


MAKE_KEY = """
import secrets, sys
from pathlib import Path
from dashboard import environment

sys.stdin.readline()  # the signal to go, given to all at once
print(environment.generated("A_KEY", Path(sys.argv[1]), secrets.token_hex))
"""


def test_processes_that_start_at_once_agree_on_the_key(tmp_path: Path) -> None:
    path = tmp_path / "var" / "a_key"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", MAKE_KEY, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if name != "A_KEY"},
        )
        for _ in range(6)
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    keys = {process.communicate()[0].strip() for process in processes}

    assert keys == {path.read_text().strip()}
    assert re.fullmatch("[0-9a-f]{64}", keys.pop())
    assert [each.name for each in path.parent.iterdir()] == ["a_key"]


@pytest.mark.parametrize(
    "name", ["SECRET_KEY", "TOKEN_KEYS", "AUDIT_KEYS", "DIDIYUN_API_URL", "PORT"]
)
def test_a_variable_can_be_the_path_of_a_file(start: Start, tmp_path: Path, name: str) -> None:
    value = {"DIDIYUN_API_URL": "http://cloud.example", "PORT": "8123", "AUDIT_KEYS": "a" * 40}.get(
        name, SECRET
    )
    path = tmp_path / "secret"
    path.write_text(f"{value}\n")

    assert str(start(**{f"{name}_FILE": str(path)})[name]) == value


def test_the_addresses_of_database_and_cache_can_be_in_files(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("redis://:secret@cache.example/0\n")

    settings = start(CACHE_URL_FILE=str(path))
    assert settings["CACHES"]["default"]["LOCATION"] == "redis://:secret@cache.example/0"


def test_where_it_listens_can_be_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = {"HOST": "::1", "PORT": "8123", "WEB_CONCURRENCY": "3"}
    for name, value in server.items():
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
        (tmp_path / name).write_text(f"{value}\n")

    found = runpy.run_path(str(ROOT / "dashboard" / "gunicorn.py"))
    assert (found["bind"], found["workers"]) == ("[::1]:8123", 3)


@pytest.mark.parametrize(("name", "value"), [("PORT", "99999"), ("WEB_CONCURRENCY", "0")])
def test_an_invalid_address_to_listen_on_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(ImproperlyConfigured, match=f"^{name}: '{value}' is not a whole number"):
        runpy.run_path(str(ROOT / "dashboard" / "gunicorn.py"))


def test_a_variable_and_its_file_are_one_too_many(start: Start, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("from the file")

    with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY: set either .* both") as caught:
        start(SECRET_KEY=SECRET, SECRET_KEY_FILE=str(path))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_read_stops_the_start(
    start: Start, tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY_FILE: cannot be read"):
        start(SECRET_KEY_FILE=str(path))


OIDC = {
    "OIDC_ISSUER": "https://id.example/realm/",
    "OIDC_CLIENT_ID": "dashboard",
    "OIDC_CLIENT_SECRET": SECRET,
}


def test_single_sign_on_is_there_only_where_a_provider_is_named(start: Start) -> None:
    assert not [app for app in start()["INSTALLED_APPS"] if "socialaccount" in app]

    settings = start(**OIDC, OIDC_TEAMS="ops=blue:viewer, ops=red:console,chiefs=blue:admin")
    assert "allauth.socialaccount" in settings["INSTALLED_APPS"]
    provider = settings["OIDC"]
    assert (provider.issuer, provider.name) == ("https://id.example/realm", "id.example")
    assert provider.teams == {
        "ops": [("blue", "viewer"), ("red", "console")],
        "chiefs": [("blue", "admin")],
    }
    assert provider.groups_claim == "groups"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"OIDC_ISSUER": "http://id.example"}, "OIDC_ISSUER"),
        ({"OIDC_ISSUER": "id.example"}, "OIDC_ISSUER"),
        ({"OIDC_CLIENT_ID": ""}, "OIDC_ISSUER needs"),
        ({"OIDC_CLIENT_SECRET": ""}, "OIDC_ISSUER needs"),
        ({"OIDC_TEAMS": "ops"}, "OIDC_TEAMS"),
        ({"OIDC_TEAMS": "ops=blue:emperor"}, "OIDC_TEAMS"),
        ({"OIDC_TEAMS": "ops=:admin"}, "OIDC_TEAMS"),
    ],
)
def test_a_provider_that_makes_no_sense_stops_the_start(
    start: Start, change: dict[str, str], name: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=name) as caught:
        start(**OIDC | change)
    assert SECRET not in str(caught.value)
