"""`make scan`: wapiti, a web scanner, against the whole deployment: as a stranger, and signed in
as an administrator.

Fails when it finds anything, and when it did not do what it is there for. Left out are its modules
that need a list from the Internet (nikto, wapp), that guess names and passwords (buster,
brute_login_form), and one that only prints (methods).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.stack.client import Client, csrf_token
from tests.stack.deployment import Deployment, deployment
from tests.stack.listener import Listener, listener

QUICK = (
    *("backup", "blindsql", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess"),
    *("http_headers", "redirect", "shellshock", "sql", "ssrf", "xxe"),
)
SLOW = ("xss", "permanentxss")
# One parameter of each kind, since the scanner spends half a minute on five: a text to search,
# values of facets and of others, sizes, times, and those that are no filter. It goes through pages
# by the alphabet, so this one would never have its turn among others.
LIST = (
    "/images/?q=web&region=bj&os=CentOS&shared=no&image=bj/1&min_size=1GiB"
    "&created_after=2020-01-01&sort=name&page=1&columns=name&token=1",
)
FEW = "q=web&os=CentOS&sort=name"
CHANGES = "kind=status&region=bj&q=web&after=2020-01-01&before=2030-01-01&page=1&size=25"
SIGNED_IN = (
    *("/images/", f"/images/export.csv?{FEW}", f"/images/export.json?{FEW}"),
    *(f"/overview/?{FEW}", f"/overview/coverage/?{FEW}", "/images/compare/?image=bj/1&only=other"),
    *(f"/changes/?{CHANGES}", "/changes/export.csv?q=web", "/audit/?q=web&page=1"),
    *(f"/api/v1/images?{FEW}", "/api/v1/changes?q=web&cursor=1-1", "/api/v1/"),
    *("/tokens/", "/teams/", "/teams/blue/", "/views/?query=q%3Dweb", "/api-keys/"),
    *("/accounts/2fa/", "/accounts/password/change/", "/accounts/login/?next=/images/"),
)
STRANGER = (
    *("/accounts/login/?next=/images/", "/images/?q=web", "/api/v1/images?q=web"),
    *("/display/key/", "/invitations/key/", "/healthz"),
)
# It would sign itself out there, or take away what the other pages show. The admin is Django's.
CLOSED = (
    *("/accounts/logout/", "/admin/", "/tokens/[^/]+/(delete|disable|replace)/"),
    *("/teams/[^/]+/(delete|leave)/", "/teams/[^/]+/people/[^/]+/"),
)
NO_CSRF_TOKEN = "Lack of anti CSRF token"
NOT_FINDINGS = {
    "X-XSS-Protection is not set": "no browser has it any more; those that had were misled by it",
}
# Less than this, and it has not looked at the site.
LEAST_ASKED, LEAST_ADDRESSES = 3_000, 30


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        listener() as elsewhere,
        deployment(
            Path(folder), images=12, closed=CLOSED, API_REQUESTS_PER_MINUTE="1000000"
        ) as here,
    ):
        admin = here.signed_in()
        _furnish(admin)
        found = {
            *_scan(here, elsewhere, here.client(), STRANGER, depth=2, quick=5, slow=10),
            *_scan(here, elsewhere, admin, SIGNED_IN, depth=2, quick=15, slow=40),
            *_scan(here, elsewhere, admin, LIST, depth=0, quick=8, slow=60),
        }
        found |= {f"asked another server for {path}" for path in elsewhere.asked}
        wrong = [*_not_looked_at(here, admin)]
    for each in [*sorted(found), *wrong]:
        print(f"  {each}")
    print(f"{len(found)} findings")
    sys.exit(bool(found or wrong))


def _furnish(admin: Client) -> None:
    """Something on the pages that are empty at first."""
    token = csrf_token(admin.get("/teams/"))
    made = admin.post("/teams/", {"name": "Blue", "csrfmiddlewaretoken": token})
    assert made.status == 302, made.text


def _scan(
    here: Deployment,
    elsewhere: Listener,
    client: Client,
    starts: tuple[str, ...],
    *,
    depth: int,
    quick: int,
    slow: int,
) -> Iterator[str]:
    """What is found by who comes with the cookies of that client, and follows links so deep. Each
    module has at most `quick` or `slow` seconds."""
    with tempfile.TemporaryDirectory(dir=here.folder) as folder:
        cookies, report = Path(folder) / "cookies.json", Path(folder) / "report.json"
        cookies.write_text(json.dumps({".localhost.local": {"/": _jar(client)}}))
        command = ["wapiti", "--url", f"{here.url}/", "--scope", "domain", "--cookie", str(cookies)]
        command += ["--store-session", folder, "--format", "json", "--output", str(report)]
        command += ["--endpoint", elsewhere.url, "--no-bugreport", "--verbose", "1"]
        look = [word for path in starts for word in ("--start", here.url + path)]
        look += ["--depth", str(depth), "--max-scan-time", "40"]
        look += ["--max-links-per-page", "20", "--max-files-per-dir", "8"]
        said = _run([*command, *look, *_attack(QUICK, quick)])
        said += _run([*command, "--skip-crawl", *_attack(SLOW, slow)])
        told = json.loads(report.read_text("utf-8"))
    yield from _trouble(said)
    yield from _findings(told, client)


def _attack(modules: tuple[str, ...], seconds: int) -> list[str]:
    return ["--module", ",".join(modules), "--max-attack-time", str(seconds)]


def _trouble(said: str) -> Iterator[str]:
    """What it says of itself."""
    for module in (*QUICK, *SLOW):
        if f"Launching module {module}\n" not in said:
            yield f"wapiti did not start {module}"
    # It prints where a module of its own broke, and goes on.
    for broken in re.findall(r"^  File .*", said, re.MULTILINE):
        yield f"wapiti broke:{broken}"


def _run(command: list[str]) -> str:
    """What the command says, shown while it does."""
    said = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdout
        for line in process.stdout:
            sys.stderr.write(line)
            said.append(line)
    assert process.returncode == 0, "wapiti failed"
    return "".join(said)


def _jar(client: Client) -> dict[str, dict[str, Any]]:
    jar = {"version": 0, "expires": None, "secure": True, "port": None}
    return {name: {**jar, "value": value} for name, value in client.cookies.items()}


def _findings(report: dict[str, Any], client: Client) -> Iterator[str]:
    for kind in ("vulnerabilities", "anomalies"):
        for category, entries in report[kind].items():
            for entry in entries:
                if entry["info"] not in NOT_FINDINGS and not _is_refused(entry, client):
                    yield f"{category}: {entry['info']} ({entry['method']} {entry['path']})"


def _is_refused(entry: dict[str, Any], client: Client) -> bool:
    """Whether a form that it takes for open to forgery is not: it does not know Django's name for
    the token. Those that are closed here answer 404."""
    if entry["info"] != NO_CSRF_TOKEN:
        return False
    # From an address of its own: the scanner's knocks too often to be let in.
    again = replace(client, address="127.0.0.12")
    return again.post(entry["path"], {}).status in (403, 404)


def _not_looked_at(here: Deployment, admin: Client) -> Iterator[str]:
    """Whatever shows that the scan was not a scan."""
    lines = (here.folder / "image-dashboard.log").read_text("utf-8").splitlines()
    asked = [json.loads(line) for line in lines]
    paths = {each["path"].partition("?")[0] for each in asked if each["status"] == 200}
    queries = {each["path"] for each in asked if "?" in each["path"]}
    statuses = Counter(f"{each['method']} {each['status'] // 100}xx" for each in asked)
    print(f"{len(asked)} requests, {len(queries)} of them different queries, {len(paths)} pages")
    print("  " + ", ".join(f"{name} {number}" for name, number in sorted(statuses.items())))
    if len(asked) < LEAST_ASKED or len(paths) < LEAST_ADDRESSES:
        yield "too little was asked for"
    missing = [path for path in SIGNED_IN if path.partition("?")[0] not in paths]
    yield from (f"never answered: {path}" for path in missing)
    if not re.search(r'data-total="[1-9]', admin.get("/images/").text):
        yield "at the end the list is not there any more"


if __name__ == "__main__":
    main()
