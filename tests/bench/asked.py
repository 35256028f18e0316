"""What is asked of the dashboard: every address the resolver knows, the queries of the README's
table, and the forms that people fill in.

An address with a parameter that `World.ids` does not have is an error: none can be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote_plus

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.bench.inhabited import REFUSED, World
from tests.dashboards import PASSWORD

# Answers of Django's own that are the same wherever the product's code is.
NOT_ASKED = ("admin:jsi18n", "admin:view_on_site")
# The product's applications in the administration's addresses are called this, however they are
# called in the code.
ADMINISTRATION = re.compile(
    r"/admin/(?!mfa/|auth/|r/|login|logout|password_change|autocomplete)\w+/"
)

FACETS = {
    "region": ("bj", "BJ", "sh", "unknown", "nowhere"),
    "status": ("Ready", "ready", "Failed", "unknown", "x"),
    "os": ("CentOS", "Ubuntu", "Windows", "unknown", "none"),
    "version": ("7.6 64bit", "unknown"),
    "platform": ("Linux", "Windows"),
    "arch": ("x86_64", "unknown"),
    "type": ("custom", "unknown"),
    "shared": ("yes", "no", "true", "maybe"),
    "zone": ("bj1", "unknown"),
    "scene": ("base", "gpu", "none"),
    "tag": ("golden", "none"),
    "medium": ("SSD", "none"),
    "disk": ("SSD",),
    "min_disk": ("40GiB", "unknown", "large"),
    "-os": ("CentOS", "none"),
    "storage": ("ok", "at-risk", "unknown", "lost"),
    "check": ("checked", "uncheck", "checkFailed"),
}
_BOTH = "name id status os platform arch size min_disk region storages shared created updated check"
SORTS = f"{_BOTH} colour".split()
COLUMNS = f"{_BOTH} zones tags scenes type verdict".split()
VALUES = {
    "q": (
        *("web", "WEB", "ｗｅｂ", "no such text", "<b>", "x" * 300, "\x00", "f"),
        *("-web", '"a web"', "os:CentOS -region:bj size:>20GB", "os:", "created:2024"),
    ),
    "name": ("web-prod", "nothing"),
    "min_size": ("1", "500MiB", "20 GB", "a lot"),
    "max_size": ("1GiB", "20 GB", "-1"),
    "fits_disk": ("40GiB", "none"),
    "created_after": ("2025-01-01", "2025-01-01T12:00+08:00", "yesterday"),
    "created_before": ("2025-01-01", "2024-06-30T00:00:00Z", "13/13/2025"),
    "page": ("2", "4", "99", "0", "-1", "x", "10000000000"),
    "size": ("25", "100", "200", "7", "x"),
    "density": ("compact", "comfortable", "loose"),
    "token": ("x", "00000000-0000-4000-8000-000000000000", ""),
    "unknown_one": ("1",),
    "utm_source": ("mail",),
}
COMBINED = (
    "os=CentOS&os=Ubuntu",
    "os=CentOS&status=Ready&region=bj",
    "os=CentOS&region=bj&q=a&sort=-size&page=2&size=25",
    "columns=name&columns=size&columns=region&sort=name",
    "columns=nonsense&columns=name&columns=name",
    "q=a&q=b&sort=size&sort=name&page=1&page=2",
    "min_size=20GiB&max_size=1GiB",
    "created_after=2025-01-01&created_before=2024-01-01",
    "density=compact&size=200&columns=name",
    "storage=at-risk&check=unknown&shared=yes",
    "&".join(f"tag=t{n}" for n in range(60)),
)
CHANGES = (
    *(f"kind={kind}" for kind in ("appeared", "vanished", "renamed", "status", "resized")),
    *(f"kind={kind}" for kind in ("storage-lost", "storage-regained", "eaten")),
    "kind=renamed&kind=resized",
    "region=bj",
    "region=nowhere",
    "q=image",
    "q=no such text",
    "after=2025-06-02T12:30Z",
    "before=2025-06-02T12:30Z",
    "after=tomorrow",
    "page=2&size=25",
    "page=99",
    "size=3",
    "sort=name",
)
API = ("cursor=x", "cursor=bj/00000000000000000000000000000000", "size=25", "size=25&page=2")

# Where a list's query goes, besides the list itself; and where every fourth of them.
QUERIED = ("/images/export.csv", "/images/export.json", "/api/v1/images", "/api/v1/facets")
SELDOM = ("/overview/", "/overview/coverage/", "/overview/display", "/api/v1/overview")

Step = tuple[str, dict[str, str]]


def queries(world: World) -> list[str]:
    values = FACETS | VALUES | {"columns": COLUMNS}
    values |= {"sort": tuple(f"{sign}{name}" for name in SORTS for sign in ("", "-"))}
    single = [f"{name}={quote_plus(each)}" for name, given in values.items() for each in given]
    some = world.site.cloud.images("bj")
    own = [f"name={quote_plus(some[1]['name'])}", f"q={some[2]['cimgUuid']}"]
    own += [f"image=bj/{some[0]['cimgUuid']}", f"image=bj/{some[0]['cimgUuid']}&image=sh/none"]
    own += [f"token={world.ids[name]}" for name in world.ids if name.startswith("token ")]
    return ["", *single, *own, "image=bj", *COMBINED]


def addresses(world: World) -> dict[str, list[str]]:
    """Name of a route -> its addresses about what the world has; the administration's as well."""
    found: dict[str, list[str]] = {}
    for name, pattern in _routes(get_resolver()):
        if name and name not in NOT_ASKED:
            found.setdefault(name, []).extend(_addresses(world, name, pattern))
    return found


def _routes(resolver: URLResolver, space: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in resolver.url_patterns:
        if isinstance(each, URLPattern):
            yield (f"{space}{each.name}" if each.name else ""), each
        else:
            yield from _routes(each, f"{each.namespace}:" if each.namespace else space)


def _addresses(world: World, name: str, pattern: URLPattern) -> list[str]:
    path = getattr(pattern.pattern, "_route", "")
    wanted = re.findall(r"<(?:\w+:)?(\w+)>", path) or re.findall(
        r"\?P<(\w+)>", str(pattern.pattern)
    )
    labels = re.search(r"\?P<app_label>([\w|]+)\)", str(pattern.pattern))
    if labels:
        return [reverse(name, kwargs={"app_label": each}) for each in labels[1].split("|")]
    given = {each: _value(world, name, each) for each in wanted}
    return [reverse(name, kwargs=given)]


def _value(world: World, name: str, parameter: str) -> str:
    if parameter == "key":
        return world.ids["display key" if name == "display" else "invitation key"]
    if parameter in ("object_id", "id"):
        return world.ids["token_id" if "_token_" in name else "user_id"]
    assert parameter in world.ids, f"{name}: nothing is known for its parameter {parameter!r}"
    return world.ids[parameter]


def absent(world: World) -> list[str]:
    """Addresses of what there is not."""
    never, image = "00000000-0000-4000-8000-000000000000", "0" * 32
    return [
        *("/nowhere/", "/images/nowhere", "/api/v1/nowhere", "/static/nowhere.css", "/images"),
        *(f"/images/bj/{image}/", f"/images/nowhere/{image}/", f"/images/bj/{image}/look/"),
        *(f"/api/v1/images/bj/{image}", f"/api/v1/images/nowhere/{image}"),
        *(f"/tokens/{never}/", f"/views/{never}/", "/teams/never/", "/teams/red/"),
        *(f"/display/{'x' * 43}/", f"/invitations/{'x' * 43}/", "/admin/nowhere/"),
        *(f"/tokens/{world.ids[f'token {label}']}/" for label in ("Second", "Away", "Off", "Own")),
        f"/views/{world.ids['view Ours']}/",
        f"/images/bj/{world.ids['uuid']}/?token={world.ids['token Away']}",
        f"/images/compare/?image=bj/{world.ids['uuid']}&image=bj/{_another(world)}",
        f"/images/news/0/none/?{'os=CentOS'}",
        "/overview/coverage/missing/",
    ]


def _another(world: World) -> str:
    return str(world.site.cloud.images("bj")[1]["cimgUuid"])


Flow = tuple[str, list[Step]]


def flows(world: World) -> dict[str, Flow]:
    """What people do -> who does it, and the forms they send, one after another. What each answer
    leads to is looked at as well, and nothing in it may say that something did not work."""
    return _with_tokens(world) | _with_people(world) | _with_what_is_theirs(world)


def _with_tokens(world: World) -> dict[str, Flow]:
    cloud, ids = world.site.cloud, world.ids
    token = f"/tokens/{ids['token Main']}/"
    replace: Step = (f"{token}replace/", {"secret": cloud.other_token})
    switch: Step = (f"{token}switch/", {"sure": "on"})
    admin = "team admin"
    return {
        "add a token": ("stranger", [("/tokens/", {"label": "New", "secret": cloud.token})]),
        "replace, then restore": (admin, [replace, switch, (f"{token}restore/", {"sure": "on"})]),
        "replace, then keep": (admin, [replace, (f"{token}keep/", {})]),
        "check a token": (admin, [(f"{token}check/", {})]),
        "disable, enable": (admin, [(f"{token}disable/", {}), (f"{token}enable/", {})]),
        "delete a token": (admin, [(f"{token}delete/", {"label": "Main"})]),
    }


def _with_people(world: World) -> dict[str, Flow]:
    ids, admin, root = world.ids, "team admin", "superuser"
    person = ids["user_id"]
    new_account = {"username": "new", "password1": PASSWORD, "password2": PASSWORD}
    join = f"/invitations/{ids['invitation key']}/"
    team, theirs, pending = "/teams/blue", f"/teams/blue/people/{person}", ids["invitation_id"]
    return {
        "make a team": (root, [("/teams/", {"name": "Green team"})]),
        "rename a team": (admin, [(f"{team}/settings/", {"name": "Azure"})]),
        "delete a team": (root, [("/teams/red/delete/", {"name": "Red", "sure": "on"})]),
        "make a screen": (admin, [(f"{team}/displays/", {**_screen(world), "language": "en"})]),
        "revoke a screen": (admin, [(f"{team}/displays/{ids['display_id']}/revoke/", {})]),
        "invite": (admin, [(f"{team}/invitations/", {"role": "console"})]),
        "withdraw": (admin, [(f"{team}/invitations/{pending}/withdraw/", {})]),
        "join, new": ("anonymous", [(join, new_account), ("/accounts/logout/", {})]),
        "join": ("stranger", [(join, {})]),
        "change a role": (admin, [(f"{theirs}/role/", {"role": "admin"})]),
        "remove": (admin, [(f"{theirs}/remove/", {})]),
        "leave": ("viewer", [(f"{team}/leave/", {})]),
        "switch off": (root, [(f"/people/{person}/switch-off/", {})]),
        "delete a person": (root, [(f"/people/{person}/delete/", {})]),
    }


def _with_what_is_theirs(world: World) -> dict[str, Flow]:
    ids = world.ids
    new = {"password1": "another sentence", "password2": "another sentence"}
    forms: dict[str, Step] = {
        "make a key": ("/api-keys/", {"label": "Duty", "days": "7"}),
        "revoke a key": (f"/api-keys/{ids['key_id']}/revoke/", {}),
        "save a view": ("/views/", {"name": "Web", "query": "q=web&sort=name"}),
        "begin with a view": (f"/views/{ids['view_id']}/begin/", {}),
        "rename a view": (f"/views/{ids['view_id']}/", {"name": "Yours"}),
        "delete a view": (f"/views/{ids['view_id']}/delete/", {}),
        "looks": (
            "/images/looks/",
            {"sort": "-size", "size": "100", "density": "compact", "columns": "name"},
        ),
        "language": ("/language/", {"language": "zh-hans"}),
        "theme": ("/theme/", {"theme": "dark"}),
        "refresh": ("/images/refresh/", {}),
        "change password": ("/accounts/password/change/", {"oldpassword": PASSWORD, **new}),
        "sign out": ("/accounts/logout/", {}),
    }
    sign_in: Step = ("/accounts/login/", {"login": "vic", "password": PASSWORD})
    found: dict[str, Flow] = {name: ("viewer", [step]) for name, step in forms.items()}
    return found | {"sign in": ("anonymous", [sign_in])}


def refused(world: World) -> dict[str, Flow]:
    """The same of what does not work."""
    cloud, admin, team = world.site.cloud, "team admin", "/teams/blue"
    token = f"/tokens/{world.ids['token Main']}/"
    known = ("/accounts/reauthenticate/", {"password": PASSWORD})
    code = ("/accounts/2fa/app/activate/", {"code": "000000"})
    return {
        "make a team that is called nothing": ("superuser", [("/teams/", {"name": " "})]),
        "add a refused token": ("stranger", [("/tokens/", {"label": "New", "secret": "f" * 64})]),
        "add no token": ("stranger", [("/tokens/", {"label": "Own", "secret": "short"})]),
        "replace, refused": (admin, [(f"{token}replace/", {"secret": REFUSED})]),
        "replace, not confirmed": (
            admin,
            [(f"{token}replace/", {"secret": cloud.other_token}), (f"{token}switch/", {})],
        ),
        "make a bad key": ("viewer", [("/api-keys/", {"label": "", "days": "8"})]),
        "make a bad screen": (admin, [(f"{team}/displays/", {**_screen(world), "days": "8"})]),
        "invite an emperor": (admin, [(f"{team}/invitations/", {"role": "emperor"})]),
        "the last admin leaves": (admin, [(f"{team}/leave/", {})]),
        "sign in, wrong": ("anonymous", [("/accounts/login/", {"login": "vic", "password": "x"})]),
        "second step, wrong": ("viewer", [known, code]),
    }


def _screen(world: World) -> dict[str, str]:
    return {"title": "Hall", "token": world.ids["token Main"], "query": "q=web", "days": "7"}
