"""`make scan`: wapiti, a web scanner, against the whole deployment, signed in as administrator.

Fails when it finds anything. Left out are its modules that would talk to servers of its own (ssrf,
xxe, nikto, wapp), and those that guess names and passwords (buster, brute_login_form).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.stack.client import Client
from tests.stack.deployment import Deployment, deployment

MODULES = (
    *("backup", "blindsql", "cookieflags", "crlf", "csp", "csrf", "exec", "file", "htaccess"),
    *("http_headers", "methods", "permanentxss", "redirect", "shellshock", "sql", "xss"),
)
CRAWL_SECONDS, ATTACK_SECONDS = 60, 25
# It would sign itself out there, or take its own account away.
CLOSED = ("/accounts/logout/", "/admin/logout/", "/admin/accounts/user/")
NOT_FINDINGS = {
    "X-XSS-Protection is not set": "no browser has it any more; those that had were misled by it",
}


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        deployment(Path(folder), images=12, closed=CLOSED) as here,
    ):
        report = _scan(here, here.signed_in())
        asked = (here.folder / "image-dashboard.log").read_text("utf-8").splitlines()
    addresses = {json.loads(line)["path"].partition("?")[0] for line in asked}
    found = sorted(set(_findings(report)))
    print(f"{len(asked)} requests, {len(addresses)} addresses: {len(found)} findings")
    for each in found:
        print(f"  {each}")
    sys.exit(bool(found))


def _scan(here: Deployment, client: Client) -> dict[str, Any]:
    cookies, report = here.folder / "cookies.json", here.folder / "report.json"
    cookies.write_text(json.dumps({".localhost.local": {"/": _jar(client)}}))
    command = ["wapiti", "--url", f"{here.url}/", "--scope", "domain", "--cookie", str(cookies)]
    command += ["--module", ",".join(MODULES), "--store-session", str(here.folder / "session")]
    command += ["--max-scan-time", str(CRAWL_SECONDS), "--max-attack-time", str(ATTACK_SECONDS)]
    command += ["--scan-force", "normal", "--max-links-per-page", "60", "--max-files-per-dir", "40"]
    command += ["--format", "json", "--output", str(report), "--no-bugreport", "--verbose", "1"]
    subprocess.run(command, check=True, stdout=sys.stderr)
    found: dict[str, Any] = json.loads(report.read_text("utf-8"))
    assert client.get("/tokens/").status == 200, "the scan was signed out"
    return found


def _jar(client: Client) -> dict[str, dict[str, Any]]:
    jar = {"version": 0, "expires": None, "secure": True, "port": None}
    return {name: {**jar, "value": value} for name, value in client.cookies.items()}


def _findings(report: dict[str, Any]) -> Iterator[str]:
    for kind in ("vulnerabilities", "anomalies"):
        for category, entries in report[kind].items():
            for entry in entries:
                if entry["info"] not in NOT_FINDINGS:
                    yield f"{category}: {entry['info']} ({entry['method']} {entry['path']})"


if __name__ == "__main__":
    main()
