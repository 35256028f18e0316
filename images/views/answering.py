"""The first line of an image's panel: can I use it here?"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from images.cloud.records import Image
from images.insights import status_kind
from images.templatetags.inventory import plain_size


@dataclass(frozen=True)
class Answer:
    """`kind` is ok, warn or bad; `sentence` the answer, `facts` what else decides."""

    kind: str
    sentence: str
    facts: list[str]


def answer(image: Image, region: str, zones: Sequence[str]) -> Answer:
    """In words, of what the cloud says; `region` and `zones` by their names."""
    kind, sentence = _verdict(image, region, zones)
    facts = [fact for fact in (_disk(image), _storages(image), _check(image)) if fact]
    if image.shared:
        facts.append(_("It is shared to this account, so it cannot be copied."))
    if kind == "ok" and (image.storages_down or image.storages == 0):
        kind = "warn"
    return Answer(kind, sentence, facts)


def curl(image: Image) -> str:
    """A command that asks the cloud for this image, as far as it can be asked for: by its name.
    The token stays out; it is read from the environment."""
    asked: dict[str, object] = {"regionId": image.region, "start": 0, "limit": 100}
    if image.name:
        asked["condition"] = {"names": [image.name]}
    address = f"{settings.DIDIYUN_API_URL}/dicloud/i/storage/cimg/list"
    return (
        f"curl -sS {shlex.quote(address)} \\\n"
        '  -H "Authorization: Bearer $DIDIYUN_TOKEN" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d {shlex.quote(json.dumps(asked, ensure_ascii=False))}"
    )


def _verdict(image: Image, region: str, zones: Sequence[str]) -> tuple[str, str]:
    said = {"region": region, "zones": ", ".join(zones), "status": image.status}
    kind = status_kind(image.status)
    if kind == "ok" and zones:
        return "ok", _("Yes: it is ready in %(region)s (%(zones)s).") % said
    if kind == "ok":
        return "ok", _("Yes: it is ready in %(region)s.") % said
    if kind == "busy":
        return "warn", _("Not now: its status is %(status)s.") % said
    if kind in ("bad", "off"):
        return "bad", _("No: its status is %(status)s.") % said
    if image.status:
        return "warn", _("Its status is %(status)s; what that means is not known here.") % said
    return "warn", _("The cloud does not say what its status is.")


def _disk(image: Image) -> str:
    if image.min_disk is None:
        return ""
    return _("A machine needs a disk of at least %(size)s.") % {"size": plain_size(image.min_disk)}


def _storages(image: Image) -> str:
    if image.storages == 0:
        return _("No storage holds it.")
    if not image.storages_down:
        return ""
    return ngettext(
        "%(down)s of its %(all)s storages is not connected.",
        "%(down)s of its %(all)s storages are not connected.",
        image.storages_down,
    ) % {"down": image.storages_down, "all": image.storages}


def _check(image: Image) -> str:
    if image.check_state == "uncheck":  # The one value that is documented.
        return _("It has not been checked.")
    return _("Its check: %(state)s.") % {"state": image.check_state} if image.check_state else ""
