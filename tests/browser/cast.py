"""Who is there when every page is looked at, and what they have: made in the dashboard's own shell.

`make` runs in a process of the dashboard (`manage.py shell`), and prints what `world.py` reads.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.request import Request, urlopen

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings
from django.test import Client
from django.utils import timezone

from dashboard.api_keys import keys
from dashboard.audit.trail import Actor
from dashboard.displays import links
from dashboard.people import teams
from dashboard.people.models import Team, User
from dashboard.saved_views import saving
from dashboard.tokens import access, lifecycle, rotation, vault
from dashboard.tokens.models import RotationSecret, State, Token
from images.history.models import Visit
from images.services import freshness, refresh

BY = Actor("ann", "192.0.2.7")
PASSWORD = "correct horse battery"
# What the cloud will do to the regions of these people, once it has listed them or before.
GONE = {"kind": "status", "status": 503}
DAY = 86_400


def make(secrets: dict[str, str]) -> None:
    """`secrets` are the tokens by whose they are; "ann" and hers are there already."""
    ann = User.objects.get(username="ann")
    people = {name: User.objects.create_user(name, password=PASSWORD) for name in PEOPLE}
    people["root"].is_superuser = people["root"].is_staff = True
    people["root"].save()
    for name in ("broke", "partial", "stale"):
        _keep(people[name], "Production", secrets[name])
    people["ann"] = ann
    _many(people["many"], secrets["many"])
    TOTP.activate(people["bob"], "A" * 32)
    RecoveryCodes.activate(people["bob"])
    blue = _team(people)
    ids = _things(ann, blue, secrets)
    _history(ann.tokens.get(label="Main"), people["bob"])
    _spoil(people, secrets)
    print("WORLD", json.dumps({"sessions": _sessions(people), "ids": ids}))  # noqa: T201


PEOPLE = ("new", "bob", "carla", "wall", "root", "broke", "partial", "stale", "many")


def _keep(owner: User, label: str, secret: str, **fields: Any) -> Token:
    """A token as it is stored, without asking the cloud."""
    row_id, now = uuid.uuid4(), timezone.now()
    sealed, last_four = vault.seal(secret, row_id), secret[-4:]
    fields = {"state": State.VALID, "last_ok_at": now, "checked_at": now, **fields}
    return Token.objects.create(
        id=row_id,
        owner=owner,
        label=label,
        sealed=sealed,
        last_four=last_four,
        changed_at=now,
        **fields,
    )


def _many(person: User, secret: str) -> None:
    """More tokens than fit on a page, some of them in trouble, of a team of their own."""
    fleet = teams.create("Fleet", by=BY)
    teams.set_role(fleet, person, "admin", by=BY)
    _keep(person, "Production", secret, team=fleet)
    for number in range(1, 61):
        state = State.REFUSED if number % 20 == 0 else State.VALID
        _keep(person, f"Account {number}", f"{number:064d}", team=fleet, state=state)


def _team(people: dict[str, User]) -> Team:
    blue = teams.create("Blue", by=BY)
    for name, role in (
        ("ann", "admin"),
        ("carla", "admin"),
        ("bob", "viewer"),
        ("wall", "console"),
    ):
        teams.set_role(blue, people[name], role, by=BY)
    return blue


def _things(ann: User, blue: Team, secrets: dict[str, str]) -> dict[str, str]:
    """Tokens in every state, links, views; their ids and keys, as addresses name them."""
    now = timezone.now()
    main = ann.tokens.get()
    lifecycle.check_token(main)
    lifecycle.edit_token(main, "Main", team=blue, expires_on=None, by=BY)
    failed = {"last_ok_at": now - timedelta(days=3), "last_failed_at": now}
    # Carla has them beside that of the team, so that her lists are of several accounts.
    carla, other = User.objects.get(username="carla"), {"state": State.REFUSED, "reason": "errno 4"}
    refused = _keep(carla, "Old account", "0" * 64, **other, **failed)
    ends = _keep(carla, "Guest", secrets["ends"], expires_on=now.date() + timedelta(days=3))
    _keep(carla, "Spare", "1" * 64, disabled_at=now)
    _keep(carla, "Silent", "2" * 64, state=State.UNREACHABLE, reason="time out", **failed)
    rotation.offer(main, secrets["other"], by=BY)
    # It would be forgotten after a quarter of an hour, and the whole matrix takes longer.
    RotationSecret.objects.update(until=now + timedelta(days=1))
    by = replace(BY, id=ann.pk)
    display, key = links.make(blue, main, "Hall", query="", days=7, language="", by=by)
    links.make(blue, main, "Door", query="os=CentOS", days=1, language="en", by=by)
    links.make(blue, main, "Old hall", query="", days=7, language="en", by=by)[0].revoke(by=by)
    invitation, invitation_key = teams.invite(blue, "viewer", by=by)
    query = "q=golden&os=CentOS&os=Ubuntu&storage=at-risk&sort=-created&columns=name&columns=size"
    view = saving.save(ann, "Golden images", query, blue, by=BY)
    saving.save(ann, "Large", "min_size=20GiB&density=compact", None, by=BY)
    saving.begin_with(User.objects.get(username="bob"), view)
    nightly, _secret = keys.make(ann, "Nightly report", days=90, by=BY)
    keys.make(ann, "Duty screen", team=blue, days=30, by=BY)
    keys.make(ann, "Old report", days=30, by=BY)[0].revoke(by=by)
    return {
        "token": str(main.pk),
        "refused": str(refused.pk),
        "ends": str(ends.pk),
        "view": str(view.pk),
        "display": str(display.pk),
        "api_key": str(nightly.pk),
        "key": key,
        "invitation": invitation_key,
        "invitation_id": str(invitation.pk),
        "ann": str(ann.pk),
        "bob": str(User.objects.get(username="bob").pk),
    }


def _history(token: Token, visitor: User) -> None:
    """Lists of three days, each unlike the one before, of which the visitor saw the first."""
    credential = access.stored(token)
    assert credential
    now = timezone.now()
    for days in (2, 1, 0):
        seconds = now.timestamp() - days * DAY
        freshness.clock = lambda seconds=seconds: seconds  # type: ignore[misc]
        refresh.refresh(credential, everything=True)
        if days:
            _change_images("bj" if days == 1 else "gz", days)
    seen_at = now - timedelta(days=1, hours=12)
    Visit.objects.create(user=visitor, key=credential.cache_key, seen_at=seen_at)


def _change_images(region: str, days: int) -> None:
    """One of each kind of change."""
    renamed, stopped, grown, torn, gone = (each["cimgUuid"] for each in _images(region)[:5])
    storage = {"name": "local-1", "type": "LocalStorage", "state": "Enabled"}
    down = {"backupStorages": [{**storage, "status": "Disconnected"}]}
    _ask("POST", region, name=f"api-golden-{days}", osFamily="Debian", size=8 << 30)
    _ask("POST", region, renamed, name="web-golden-2026")
    _ask("POST", region, stopped, status="Failed")
    _ask("POST", region, grown, size=60 << 30)
    _ask("POST", region, torn, **down)
    _ask("DELETE", region, gone)


def _images(region: str) -> list[dict[str, Any]]:
    with urlopen(f"{settings.DIDIYUN_API_URL}/sandbox/images?region={region}") as answer:
        found: list[dict[str, Any]] = json.load(answer)
    return found


def _ask(method: str, region: str, uuid: str = "", **fields: Any) -> None:
    """The cloud to change one image, or to have one more."""
    which = f"&uuid={uuid}" if uuid else ""
    address = f"{settings.DIDIYUN_API_URL}/sandbox/images?region={region}{which}"
    urlopen(Request(address, json.dumps(fields).encode(), method=method)).close()


def _spoil(people: dict[str, User], secrets: dict[str, str]) -> None:
    """Of `stale` everything was read, and can be read no more; of `partial` all but one region."""
    stale = access.stored(people["stale"].tokens.get())
    assert stale
    refresh.refresh(stale, everything=True)
    faults = [
        {**GONE, "token": secrets["stale"]},
        {**GONE, "token": secrets["partial"], "endpoint": "cimg/list", "region": "gz"},
    ]
    urlopen(f"{settings.DIDIYUN_API_URL}/sandbox/faults", json.dumps(faults).encode()).close()
    refresh.refresh(stale, everything=True)


def _sessions(people: dict[str, User]) -> dict[str, str]:
    """A session of each, so that nobody need sign in."""
    found = {}
    for name, user in people.items():
        client = Client()
        client.force_login(user)
        found[name] = client.cookies["sessionid"].value
    return found
