"""Every page and state of the dashboard, and how to get there.

A new page has a line here: it is then in `make shots`, and tried for everyone by
`test_accessibility.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page

from tests.browser.world import World
from tests.dashboards import PASSWORD

NOBODY = ""


@dataclass(frozen=True)
class State:
    """`shows` is what is there once it is reached, and only then; `then` what is done after the
    address was opened."""

    name: str
    address: str
    shows: str
    who: str = "ann"
    then: Callable[[Page], None] | None = None

    def reach(self, page: Page, world: World) -> None:
        page.goto("about:blank")  # or the page before asks for news as somebody else
        world.become(page.context, self.who)
        page.goto(self.address.format(**world.ids))
        if self.then:
            self.then(page)
        page.locator(self.shows).first.wait_for()


def press(*keys: str) -> Callable[[Page], None]:
    def then(page: Page) -> None:
        for key in keys:
            page.keyboard.press(key)

    return then


def click(*selectors: str) -> Callable[[Page], None]:
    def then(page: Page) -> None:
        for selector in selectors:
            page.locator(selector).first.click()

    return then


def open_filters(page: Page) -> None:
    """As a sheet on a narrow screen; on a wide one they are there anyway."""
    page.keyboard.press("f")


def pick(page: Page) -> None:
    for place in (0, 2):
        page.locator("tr[data-image] .c-pick input").nth(place).check()


def search_the_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.locator("#palette").get_by_role("combobox").fill("cen")


def open_suggestions(page: Page) -> None:
    page.locator("#q").fill("cen")
    page.wait_for_url("**q=cen*")  # The list comes anew, and would while the page is looked at.


def look(page: Page) -> None:
    page.locator("tr[data-image] .c-name > a").nth(1).focus()
    page.keyboard.press(" ")


def sign_in_wrongly(page: Page) -> None:
    page.locator("#id_login").fill("ann")
    page.locator("#id_password").fill("not hers")
    page.keyboard.press("Enter")


def sign_in_first_step(page: Page) -> None:
    page.locator("#id_login").fill("bob")
    page.locator("#id_password").fill(PASSWORD)
    page.keyboard.press("Enter")


def add_no_token(page: Page) -> None:
    page.locator("#id_label").fill("Main")
    page.locator("#id_secret").fill("two words")
    page.keyboard.press("Enter")


def make_key(page: Page) -> None:
    page.locator("#id_label").fill("Wiki")
    page.keyboard.press("Enter")


def prove(page: Page) -> None:
    """Who is asked whether it is them says so; nobody is asked twice."""
    if page.locator("main [type=password]").count():
        page.locator("main [type=password]").fill(PASSWORD)
        page.keyboard.press("Enter")


def forget_the_form_token(page: Page) -> None:
    page.context.clear_cookies(name="csrftoken")
    sign_in_wrongly(page)


def ask_too_often(page: Page) -> None:
    token = page.locator("main [name=csrfmiddlewaretoken]").input_value()
    while page.request.post("/accounts/login/", form={"csrfmiddlewaretoken": token}).status != 429:
        pass
    sign_in_wrongly(page)


# Few rows, and yet a list of several pages.
LIST = "/images/?size=25&page=2"


def open_search_help(page: Page) -> None:
    """Open it by script: where there is little room its button is left out."""
    page.locator("#search-help").evaluate("(help) => help.showPopover()")


STATES = (
    State("sign-in", "/accounts/login/", "#id_password", NOBODY),
    State("sign-in-error", "/accounts/login/", ".notice-bad", NOBODY, sign_in_wrongly),
    State("sign-out", "/accounts/logout/", "main form"),
    State("no-token", "/images/", ".state", "new"),
    State("list", "/images/", "tr[data-image]"),
    State("list-news", LIST, ".since", "bob"),
    State("list-filtered", "/images/?os=CentOS&os=Ubuntu&q=web&min_size=1GiB", ".chip"),
    State("list-empty", "/images/?q=nothing-like-this", ".results .state"),
    State("list-no-value", "/images/?os=CentOT&q=-web", ".no-matches a"),
    State("list-suggestions", LIST, "#suggestions [role=option]", then=open_suggestions),
    State("list-search-help", LIST, "#search-help:popover-open", then=open_search_help),
    State("list-excluded", "/images/?-os=CentOS", ".chip"),
    State("list-compact", f"{LIST}&density=compact", ".is-compact"),
    State("list-selection", LIST, "#selection", then=pick),
    State("list-filters", "/images/?os=CentOS", ".filters-sheet[open]", then=open_filters),
    State("list-columns", LIST, ".looks[open]", then=click(".looks > summary")),
    State("list-sorts", LIST, ".sorts[open]", then=click(".sorts > summary")),
    State("list-views", LIST, ".views [href*='/views/']", then=click(".views > summary")),
    State("list-look", LIST, "#look:popover-open dl", then=look),
    State("list-keys", LIST, "#keys[open]", then=press("?")),
    State("palette", LIST, "#palette[open] [role=option]", then=press("Control+k")),
    State("palette-results", LIST, "#palette-filters", then=search_the_palette),
    State("palette-image", "/images/{ok}/", "#palette-actions", then=press("Control+k")),
    State("palette-page", "/images/palette/?q=centos", ".palette-page a"),
    State(
        "list-invalid-parameters",
        "/images/?size=25&min_size=lots&created_after=soon&page=x",
        ".notice-warn ul",
    ),
    State("list-token-ends", f"{LIST}&account={{ends}}", "[data-ends]", "carla"),
    State("list-accounts", LIST, ".row-account", "carla"),
    State("list-account-chosen", "/images/?account={ends}&-account={refused}", ".chip", "carla"),
    State("list-token-menu", LIST, ".source .menu[open]", "many", click(".source .menu > summary")),
    State("list-cloud-failed", "/images/", ".state-bad", "broke"),
    State("list-region-failed", LIST, "[data-region-state=failed]", "partial"),
    State("list-stale", LIST, "[data-region-state=stale]", "stale"),
    State("list-token-refused", "/images/?account={refused}", "[data-failure]", "carla"),
    State("panel", "/images/{ok}/?q=web&sort=name", ".verdict"),
    State("panel-accounts", "/images/{ok}/?q=web", ".panel-accounts", "carla"),
    State("panel-at-risk", "/images/{at-risk}/?q=web&sort=name", ".row-bad"),
    State("panel-job", "/images/{running}/?q=web&sort=name", "#job progress"),
    State("panel-failed", "/images/{failed}/?q=web&sort=name", ".verdict-no"),
    State("image-gone", "/images/bj/ffffffffffffffffffffffffffffffff/", "main .state"),
    State("compare", "/images/compare/?image={ok}&image={at-risk}&image={failed}", ".differs"),
    State("overview", "/overview/", "#overview"),
    State("overview-accounts", "/overview/", "[data-failure]", "carla"),
    State("overview-region-failed", "/overview/", "[data-region-state=failed]", "partial"),
    State("overview-failed", "/overview/", ".state-bad", "broke"),
    State("coverage", "/overview/coverage/", "[data-rows]"),
    State("coverage-region-failed", "/overview/coverage/", "[data-region-state=failed]", "partial"),
    State("changes", "/changes/", "[data-change]"),
    State("changes-accounts", "/changes/", "[data-failure]", "carla"),
    State("changes-filtered", "/changes/?kind=renamed&after=2020-01-01&q=web", ".chip-clear"),
    State("changes-narrow-none", "/changes/?q=nothing-like-this", ".history .state"),
    State("changes-none", "/changes/", ".history .state", "partial"),
    State("wall", "/overview/display", "[data-total]", "wall"),
    State("wall-accounts", "/overview/display", ".gap", "carla"),
    State("wall-stale", "/overview/display", "[data-region-state=stale]", "stale"),
    State("wall-link", "/display/{key}/", "[data-total]", NOBODY),
    State("wall-link-gone", "/display/no-such-key/", "h1", NOBODY),
    State("views", "/views/", "[data-view]"),
    State("views-none", "/views/", ".state", "new"),
    State(
        "view-save",
        "/images/?q=web&os=CentOS",
        "#save-title",
        then=click(".views > summary", "#save-view button"),
    ),
    State("view-change", "/views/{view}/", "form.form"),
    State("view-delete", "/views/{view}/delete/", "main .danger"),
    State("tokens", "/tokens/", "[data-token]", "carla"),
    State("tokens-many", "/tokens/?q=account", "[rel=next]", "many"),
    State("tokens-no-match", "/tokens/?q=nothing", ".filter-line", "many"),
    State("tokens-error", "/tokens/", ".error", then=add_no_token),
    State("token", "/tokens/{token}/", "form.form"),
    State("token-refused", "/tokens/{refused}/", ".badge-bad", "carla"),
    State("token-replace", "/tokens/{token}/replace/", "#id_secret"),
    State("token-compare", "/tokens/{token}/compare/", "[data-pair]"),
    State("token-keep", "/tokens/{token}/keep/", "main .danger"),
    State("token-delete", "/tokens/{token}/delete/", "main .danger"),
    State("api-keys", "/api-keys/", "[data-key]"),
    State("api-keys-none", "/api-keys/", "form.form", "new"),
    State("api-key-revoke", "/api-keys/{api_key}/revoke/", "main .danger"),
    State("api-key-made", "/api-keys/", "[data-link]", then=make_key),
    State("api", "/api/v1/", "main h2"),
    State("teams", "/teams/", ".card-link"),
    State("team", "/teams/blue/", ".tabs"),
    State("team-people", "/teams/blue/people/", "[data-member]"),
    State(
        "team-invited",
        "/teams/blue/people/",
        "[data-link]",
        then=click("form[action$='/invitations/'] button"),
    ),
    State(
        "team-withdraw",
        "/teams/blue/invitations/{invitation_id}/withdraw/",
        "main .danger",
    ),
    State("team-remove", "/teams/blue/people/{bob}/remove/", "main form"),
    State("team-leave", "/teams/blue/leave/", "main form"),
    State("team-role", "/teams/blue/people/{ann}/role/?role=console", "main form", "carla"),
    State("account-off", "/people/{ann}/switch-off/", "main form", "root"),
    State("account-delete", "/people/{ann}/delete/", "main form", "root"),
    State("team-displays", "/teams/blue/displays/", "form.form"),
    State("display-revoke", "/teams/blue/displays/{display}/revoke/", "main .danger"),
    State("team-audit", "/teams/blue/audit/", "tbody tr"),
    State("team-settings", "/teams/blue/settings/", "form.form"),
    State("team-delete", "/teams/blue/delete/", "main .danger", "root"),
    State("team-viewer", "/teams/blue/", ".tabs", "bob"),
    State("audit", "/audit/", "tbody tr", "root"),
    State("my-audit", "/audit/mine/", "tbody tr"),
    State("invitation", "/invitations/{invitation}/", "main form", NOBODY),
    State("invitation-gone", "/invitations/no-such-key/", "h1", NOBODY),
    State("password-change", "/accounts/password/change/", "form.form"),
    State("2-step", "/accounts/2fa/", "h1"),
    State("2-step-on", "/accounts/2fa/", "h1", "bob"),
    State("2-step-confirm", "/accounts/2fa/app/activate/", "main [type=password]"),
    State("2-step-activate", "/accounts/2fa/app/activate/", "img.qr", "new", prove),
    State("2-step-code", "/accounts/login/", "#id_code", NOBODY, sign_in_first_step),
    State("error-403", "/audit/", "main .state"),
    State("error-404", "/nothing/", "main .state"),
    State("error-405", "/images/refresh/", "main .state"),
    State("error-403-csrf", "/accounts/login/", "main .state", NOBODY, forget_the_form_token),
    State("error-500", "/floor/", "main .state-bad"),
    # Last: from here on nobody signs in for a minute.
    State("error-429", "/accounts/login/", "a.button[href$='/login/']", NOBODY, ask_too_often),
)
