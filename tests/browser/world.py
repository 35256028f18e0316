"""A dashboard with one of everything: what is looked at in pictures, and tried for everyone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext

from images.sandbox import Sandbox
from images.sandbox.cloud import token_of
from tests.browser.conftest import Site, serving

# So that every page stays as it is however long it is looked at. With one page more, which breaks.
SETTINGS = {
    # One person looks at every page there is, at every size, in minutes.
    "TOKEN_CHECKS_PER_MINUTE": "1000",
    "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
    "INVENTORY_FRESH_SECONDS": "36000",
    "INVENTORY_STALE_SECONDS": "86400",
    "LOG_LEVEL": "WARNING",
}
MAKE = "import json; from tests.browser import cast; cast.make(json.loads({!r}))"
STORAGE = {"name": "ceph-bj01-ssd", "type": "Ceph", "diskType": "SSD", "zone": "BJ01"}
KINDS: dict[str, dict[str, Any]] = {
    "ok": {"osFamily": "CentOS", "size": 5 << 30},
    "at-risk": {"backupStorages": [{**STORAGE, "state": "Enabled", "status": "Disconnected"}]},
    "running": {"job": {"jobUuid": "a" * 32, "type": "CreateCIMG", "progress": 40, "done": False}},
    "failed": {"status": "Failed", "osFamily": "Ubuntu"},
}
# Names that are longer than any column, nothing to look at, or read from the right.
NAMES = {
    "long": "golden-image-of-the-payments-team-with-everything-in-it-" * 4
    + "and-then-31-more-of-them-here",
    "blank": "\u3000 \u200b",
    "from-the-right": "صورة الخادم الذهبية 2026",
}
OWN_ACCOUNTS = ("partial", "stale", "ends", "many")


@dataclass(frozen=True)
class World:
    """`sessions` are the people's, by name; `ids` what addresses name, such as `{token}`."""

    site: Site
    sessions: dict[str, str]
    ids: dict[str, str]

    def become(self, context: BrowserContext, who: str) -> None:
        """From now on the browser is that person's; "" is nobody's."""
        context.clear_cookies()
        if who:
            cookie = {"name": "sessionid", "value": self.sessions[who], "url": self.site.url}
            context.add_cookies([cookie])  # type: ignore[list-item]


@contextmanager
def world(images: int, var: Path) -> Iterator[World]:
    """So many images in each region, one of each kind besides, and odd names. Jobs stand still."""
    with Sandbox(images, seed=1, clock=lambda: 1_700_000_000.0) as cloud:
        ids = {kind: _image(cloud, kind, fields) for kind, fields in KINDS.items()}
        for name in NAMES.values():
            cloud.add_image("bj", name=name)
        secrets = {name: token_of(1, name) for name in OWN_ACCOUNTS}
        for secret in secrets.values():
            cloud.accounts[secret] = cloud.accounts[cloud.token]
        secrets |= {"broke": cloud.arrears_token, "other": cloud.other_token}
        with serving(cloud, var, SETTINGS) as site:
            told = site.run("shell", "-c", MAKE.format(json.dumps(secrets)))
            made = json.loads(told.rpartition("WORLD ")[2])
            yield World(site, made["sessions"], {**made["ids"], **ids})


def _image(cloud: Sandbox, kind: str, fields: dict[str, Any]) -> str:
    """Region and uuid of a new image, as addresses hold them."""
    return f"bj/{cloud.add_image('bj', name=f'web-{kind}', **fields)['cimgUuid']}"


def visitor(
    world: World, browser: Browser, language: str, *, touch: bool = False
) -> BrowserContext:
    """A browser that asks for pages in the language: "en" or "zh"; by `touch` it has no mouse."""
    locale = {"en": "en-GB", "zh": "zh-CN"}[language]
    zone = {"en": "Europe/London", "zh": "Asia/Shanghai"}[language]
    context = browser.new_context(
        base_url=world.site.url, locale=locale, timezone_id=zone, has_touch=touch
    )
    context.set_default_timeout(10_000)
    return context
