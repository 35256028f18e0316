"""All accounts that a person may read are one list, and each of them says how it stands."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.api_keys import keys
from dashboard.audit.trail import Actor
from dashboard.displays import links
from dashboard.people import teams
from dashboard.people.models import Role, Team, User
from dashboard.saved_views import saving
from dashboard.tokens import access
from dashboard.tokens.models import Token
from images import services
from images.sandbox import Fault, Sandbox
from tests.integration.conftest import Clock, Keep, let_refreshes_finish, of, read_again
from tests.integration.images.pages import FRAGMENT, Page, both

pytestmark = pytest.mark.backend
READ_BEHIND = pytest.mark.django_db(databases="__all__", transaction=True)

URL, API = "/images/", "/api/v1"
EXPORTS = ("/images/export.csv", "/images/export.json")
BY = Actor("test")
DOCUMENT = {"Sec-Fetch-Dest": "document"}
OF_PROD, OF_TEST = 36, 9
REFUSED = "0" * 64


@pytest.fixture
def prod(person: User, cloud: Sandbox, keep: Keep) -> Token:
    return keep(person, cloud.token, "Prod")


@pytest.fixture
def test(person: User, cloud: Sandbox, keep: Keep) -> Token:
    return keep(person, cloud.other_token, "Test")


@pytest.fixture
def both_accounts(browser: Client, prod: Token, test: Token) -> Client:
    """A person with two accounts, which have no image in common."""
    return browser


@pytest.fixture
def blue(person: User, stranger: User) -> Team:
    """A team that two people read."""
    team = teams.create("Blue", by=BY)
    teams.set_role(team, person, Role.ADMIN, by=BY)
    teams.set_role(team, stranger, Role.VIEWER, by=BY)
    return team


def page(browser: Client, address: str = "") -> Page:
    return Page(browser.get(f"{URL}{address}"))


def total(browser: Client, address: str = "") -> int | None:
    return page(browser, address).total


def accounts(shown: Page) -> Counter[str]:
    """How many rows each account has on the page."""
    return Counter(row.attributes["data-account"] for row in shown.rows)


def exported(browser: Client, address: str = "") -> Any:
    return json.loads(b"".join(browser.get(f"/images/export.json{address}")))


def asked(browser: Client, path: str) -> Any:
    return browser.get(f"{API}/{path}").json()


def in_box(shown: Page) -> str:
    """What the search box has in it."""
    return shown.one("template", id="searched").attributes["data-text"].strip()


def notice(shown: Page, name: str, value: str | bool = True) -> str:
    return shown.one("", **{name: value}).text


# One list


def test_all_accounts_are_one_list_and_each_row_says_whose_it_is(
    both_accounts: Client, prod: Token, test: Token
) -> None:
    for shown in both(both_accounts, f"{URL}?size=100"):
        assert shown.total == OF_PROD + OF_TEST
        assert accounts(shown) == {str(prod.pk): OF_PROD, str(test.pk): OF_TEST}
        titles = {str(prod.pk): "Prod", str(test.pk): "Test"}
        for row in shown.rows:
            assert row.one(_class="row-account").text == titles[row.attributes["data-account"]]
        assert shown.choices("Account")["Prod"][0] == OF_PROD
        assert shown.choices("Account")["Test"][0] == OF_TEST


def test_who_has_one_account_is_not_told_again_and_again_which(
    browser: Client, prod: Token
) -> None:
    for shown in both(browser, URL):
        assert accounts(shown) == {str(prod.pk): OF_PROD}
        assert not shown.all(_class="row-account")
        assert not shown.choices("Account")


def test_every_way_out_says_the_account_of_each_image(
    both_accounts: Client, prod: Token, test: Token
) -> None:
    counts = {str(prod.pk): OF_PROD, str(test.pk): OF_TEST}
    text = b"".join(both_accounts.get("/images/export.csv")).decode("utf-8-sig")
    table = list(csv.reader(io.StringIO(text, newline="")))
    answer = asked(both_accounts, "images?size=100")
    lines: Any = both_accounts.get(f"{API}/images.ndjson?fields=name")
    found = [json.loads(line)["account"] for line in lines.getvalue().splitlines()]

    assert table[0][-1] == "account"
    assert Counter(row[-1] for row in table[1:]) == {"Prod": OF_PROD, "Test": OF_TEST}
    assert Counter(each["account"] for each in exported(both_accounts)["images"]) == counts
    assert Counter(each["account"] for each in answer["images"]) == counts
    assert Counter(found) == counts
    assert {each["id"]: each["count"] for each in answer["accounts"]} == counts
    assert {each["label"] for each in answer["accounts"]} == {"Prod", "Test"}


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("account={prod}", OF_PROD),
        ("account=Prod", OF_PROD),
        ("account=pROD", OF_PROD),
        ("account=Ｐｒｏｄ", OF_PROD),
        ("token={prod}", OF_PROD),
        ("token=Prod", OF_PROD),
        ("account=Prod&account={prod}&token=prod", OF_PROD),
        ("account={prod}&account=Test", OF_PROD + OF_TEST),
        ("token={prod}&token={test}", OF_PROD + OF_TEST),
        ("-account={prod}", OF_TEST),
        ("-account=Prod", OF_TEST),
        ("account=Prod&-account=Test", OF_PROD),
        ("account=Prod&-account=Prod", 0),
        ("q=account:Prod", OF_PROD),
        ("q=account:{prod}", OF_PROD),
        ("q=token:Prod", 0),
        ("q=-account:Prod", OF_TEST),
        ("q=account:Prod account:Test", OF_PROD + OF_TEST),
        ("account={test}&q=-account:Prod", OF_TEST),
    ],
)
def test_an_account_is_asked_for_by_id_or_label_under_either_name_or_in_the_box(
    both_accounts: Client, prod: Token, test: Token, query: str, number: int
) -> None:
    query = query.format(prod=prod.pk, test=test.pk)
    for shown in both(both_accounts, f"{URL}?{query}&size=100"):
        assert shown.total == len(shown.rows) == number
        assert not shown.notices
    assert exported(both_accounts, f"?{query}")["total"] == number
    assert asked(both_accounts, f"images?{query}")["total"] == number


def test_a_word_of_the_name_finds_the_images_of_an_account(
    both_accounts: Client, cloud: Sandbox, stranger: User, keep: Keep, blue: Team
) -> None:
    """As a word of a text does: of each image, also of the team and of who owns it."""
    keep(stranger, cloud.token, "Zebra crossing", team=blue)

    assert total(both_accounts, "?q=zebra") == total(both_accounts, "?q=crossing") == OF_PROD
    assert total(both_accounts, "?q=stranger") == total(both_accounts, "?q=blue") == OF_PROD
    assert total(both_accounts, "?q=-zebra") == OF_PROD + OF_TEST
    assert total(both_accounts, "?q=rossing") == 0


def test_a_qualifier_becomes_the_facet_and_the_box_shows_it_by_label_again(
    both_accounts: Client, prod: Token
) -> None:
    for text in ("account:Prod", f"account:{prod.pk}", "ACCOUNT：prod"):
        typed = both_accounts.get(f"{URL}?{urlencode({'q': text})}", headers=FRAGMENT)
        shown = Page(typed)

        assert typed["HX-Push-Url"] == f"{URL}?account={prod.pk}"
        assert in_box(shown) == "account:Prod"
        assert list(shown.chips) == ["Account Prod"]
        assert shown.chips["Account Prod"] == URL
        [_count, href] = shown.choices("Account")["Prod"]
        assert href == URL
        assert str(prod.pk) not in in_box(shown)


def test_labels_of_several_words_are_quoted_in_the_box(
    both_accounts: Client, person: User, cloud: Sandbox, keep: Keep
) -> None:
    token = keep(person, cloud.token, 'The "old" one')
    shown = page(both_accounts, f"?account={token.pk}")
    text = in_box(shown)

    assert text == r'account:"The \"old\" one"'
    again = page(both_accounts, f"?{urlencode({'q': text})}")
    assert (again.total, in_box(again)) == (OF_PROD, text)
    assert accounts(again) == {str(token.pk): OF_PROD}


def test_accounts_of_one_label_are_told_apart_by_their_teams(
    both_accounts: Client, stranger: User, cloud: Sandbox, keep: Keep, prod: Token, blue: Team
) -> None:
    """What means both is both; what the box writes means one."""
    theirs = keep(stranger, cloud.other_token, "Prod", team=blue)
    shown = page(both_accounts, "?account=Prod&size=100")

    assert accounts(shown) == {str(prod.pk): OF_PROD, str(theirs.pk): OF_TEST}
    text = in_box(page(both_accounts, f"?account={theirs.pk}"))
    assert text == 'account:"Prod · Blue"'
    assert accounts(page(both_accounts, f"?{urlencode({'q': text})}")) == {str(theirs.pk): OF_TEST}
    mine = in_box(page(both_accounts, f"?account={prod.pk}"))
    assert accounts(page(both_accounts, f"?{urlencode({'q': mine})}")) == {str(prod.pk): OF_PROD}


def test_filters_count_over_all_accounts(both_accounts: Client, cloud: Sandbox) -> None:
    images = [
        image
        for token in (cloud.token, cloud.other_token)
        for region in ("gz", "bj", "sh")
        for image in cloud.images(region, token)
    ]
    systems = Counter(image["osFamily"] for image in images)
    shown = page(both_accounts)

    assert {name: count for name, (count, _href) in shown.choices("OS").items()} == systems
    for system, number in systems.items():
        assert total(both_accounts, f"?os={quote_plus(system)}") == number
        narrowed = asked(both_accounts, f"facets?os={quote_plus(system)}&account=Test")["facets"]
        assert sum(each["count"] for each in narrowed["account"]) == number
        assert sum(each["count"] for each in narrowed["os"]) == OF_TEST


def test_pages_are_cut_from_all_accounts_together_and_miss_nothing(
    both_accounts: Client, prod: Token, test: Token
) -> None:
    for sort in ("name", "-created", "status", "-os", "size"):
        document = exported(both_accounts, f"?sort={sort}")
        whole = [
            (image["account"], image["region"], image["cimgUuid"]) for image in document["images"]
        ]
        pages = [page(both_accounts, f"?sort={sort}&size=25&page={each}") for each in (1, 2)]
        rows = [row.attributes for each in pages for row in each.rows]

        names = ("data-account", "data-region", "data-image")
        assert [tuple(row[name] for name in names) for row in rows] == whole
        assert len(set(whole)) == OF_PROD + OF_TEST


# Whose it is


def test_an_account_that_one_may_not_read_is_not_named_and_the_rest_is_shown(
    both_accounts: Client, stranger: User, cloud: Sandbox, keep: Keep
) -> None:
    theirs = keep(stranger, cloud.token, "Secret plans")
    for named in (str(theirs.pk), "Secret plans", "nothing of anyone", str(theirs.pk).upper()):
        query = urlencode({"account": named})
        for shown in both(both_accounts, f"{URL}?{query}"):
            assert shown.total == OF_PROD + OF_TEST
            assert "not an account that you may read" in shown.notices[0]
            assert "Secret plans" not in shown.html
            assert str(theirs.pk) not in shown.html
        for path in EXPORTS:
            assert both_accounts.get(f"{path}?{query}").status_code == 404
        answer = both_accounts.get(f"{API}/images?{query}")
        assert (answer.status_code, answer.json()["kind"]) == (404, "no-such-account")
        assert both_accounts.get(f"{API}/facets?-{query}").status_code == 404


def test_beside_one_that_one_may_not_read_the_others_that_are_named_are_shown(
    both_accounts: Client, stranger: User, cloud: Sandbox, keep: Keep, prod: Token
) -> None:
    theirs = keep(stranger, cloud.other_token, "Theirs")
    shown = page(both_accounts, f"?account={theirs.pk}&account={prod.pk}")

    assert accounts(shown) == {str(prod.pk): OF_PROD}
    assert "not an account that you may read" in shown.notices[0]


def test_a_link_shows_the_same_to_everyone_who_may_see_it(
    browser: Client, person: User, stranger: User, cloud: Sandbox, keep: Keep, blue: Team
) -> None:
    shared = keep(person, cloud.token, "Prod", team=blue)
    keep(person, cloud.other_token, "Mine")
    keep(stranger, cloud.other_token, "Prod")
    for query in (
        f"?account={shared.pk}",
        f"?token={shared.pk}&os=CentOS",
        f"?q=account:{shared.pk}",
    ):
        one, other = page(browser, query), page(of(stranger), query)
        assert one.total
        assert one.uuids == other.uuids
        assert set(accounts(one)) == set(accounts(other)) == {str(shared.pk)}


def test_the_address_of_an_image_finds_it_in_whichever_account_has_it(
    browser: Client, stranger: User, cloud: Sandbox, prod: Token, test: Token, keep: Keep
) -> None:
    keep(stranger, cloud.other_token, "Another")
    image = cloud.images("bj", cloud.other_token)[0]
    address = f"{URL}bj/{image['cimgUuid']}/"

    for client in (browser, of(stranger)):
        for query in ("", f"?account={prod.pk}", f"?account={test.pk}"):
            found = Page(client.get(address + query))
            assert found.status == 200
            assert found.one("article").attributes["data-detail"] == image["cimgUuid"]
    only_prod = cloud.images("bj")[0]["cimgUuid"]
    assert of(stranger).get(f"{URL}bj/{only_prod}/").status_code == 404


def test_an_image_that_two_accounts_list_is_a_row_of_each_and_its_panel_names_both(
    both_accounts: Client, cloud: Sandbox, prod: Token, test: Token
) -> None:
    image = cloud.images("bj")[3]
    cloud.add_image("bj", token=cloud.other_token, **image)
    shown = page(both_accounts, f"?q={image['cimgUuid']}")
    panel = Page(both_accounts.get(f"{URL}bj/{image['cimgUuid']}/", headers=FRAGMENT))
    alone = Page(both_accounts.get(f"{URL}bj/{cloud.images('bj')[5]['cimgUuid']}/"))

    assert shown.total == 2
    assert accounts(shown) == {str(prod.pk): 1, str(test.pk): 1}
    named = panel.one(_class="panel-accounts").all("a")
    assert sorted(each.text for each in named) == ["Prod", "Test"]
    assert {each.attributes["href"] for each in named} == {
        f"{URL}?account={prod.pk}",
        f"{URL}?account={test.pk}",
    }
    assert [each.text for each in alone.one(_class="panel-accounts").all("a")] == ["Prod"]


def test_two_tokens_of_one_account_are_read_once_and_a_row_each(
    both_accounts: Client, person: User, cloud: Sandbox, keep: Keep
) -> None:
    keep(person, cloud.token, "Prod again")
    assert total(both_accounts) == 2 * OF_PROD + OF_TEST
    assert total(both_accounts, "?account=Prod again") == OF_PROD
    read = [call for call in cloud.calls if call.endpoint == "region/list"]
    assert len(read) == 2


def test_a_key_for_one_token_or_team_reads_that_alone(
    both_accounts: Client, person: User, cloud: Sandbox, keep: Keep, test: Token, blue: Team
) -> None:
    keep(person, cloud.token, "Of the team", team=blue)
    for scope, number in (({"token": test}, OF_TEST), ({"team": blue}, OF_PROD), ({}, 81)):
        _key, secret = keys.make(person, "Nightly", days=1, by=BY, **scope)
        headers = {"Authorization": f"Bearer {secret}"}
        assert Client().get(f"{API}/images", headers=headers).json()["total"] == number
        named = Client().get(f"{API}/images?account=Prod", headers=headers)
        assert named.status_code == (404 if scope else 200)


# How each stands


def test_one_account_that_is_refused_leaves_the_others_whole_and_is_named_with_why(
    browser: Client, prod: Token, person: User, keep: Keep
) -> None:
    wrong = keep(person, REFUSED, "Wrong")
    for shown in both(browser, f"{URL}?size=100"):
        assert accounts(shown) == {str(prod.pk): OF_PROD}
        assert shown.failures == ["refused"]
        assert "Wrong" in notice(shown, "data_failure", "refused")
        assert "Prod" not in notice(shown, "data_failure", "refused")
        assert set(shown.regions.values()) == {"fresh"}
    for path in (*EXPORTS, f"{API}/images.ndjson"):
        response = browser.get(path)
        assert response.status_code == 200
        assert response["X-Inventory-Missing"] == f"{wrong.pk};state=failed"
        assert response.getvalue()
    answer = asked(browser, "images")
    assert answer["total"] == OF_PROD
    assert answer["complete"] is False
    # Of what nothing is known of nobody says that it is empty.
    for said in (answer["accounts"], exported(browser)["accounts"]):
        stands = {each["id"]: (each["state"], each["count"], not each["error"]) for each in said}
        assert stands == {
            str(prod.pk): ("fresh", OF_PROD, True),
            str(wrong.pk): ("failed", None, False),
        }

    assert browser.get(f"{URL}?account={wrong.pk}").status_code >= 400
    assert browser.get(f"{API}/images?account={wrong.pk}").status_code >= 400


def test_a_region_that_fails_for_one_account_is_missing_from_that_one_alone(
    both_accounts: Client, cloud: Sandbox, prod: Token, test: Token
) -> None:
    fault = Fault("errno", "cimg/list", "bj", cloud.other_token, errno=10000001)
    cloud.misbehave(fault)
    shown = page(both_accounts, "?size=100")

    assert accounts(shown) == {str(prod.pk): OF_PROD, str(test.pk): OF_TEST * 2 // 3}
    assert "Test: Beijing bj" in notice(shown, "data_failure", "forbidden")
    assert [count for count, _href in shown.choices("Region").values()] == [15, 15, 12]
    assert asked(both_accounts, "images?account=Prod")["complete"] is True
    assert asked(both_accounts, "images?account=Test")["complete"] is False
    assert "bj;state=fresh;age=0;missing=1" in shown.response["X-Inventory-Regions"]
    assert "X-Inventory-Missing" not in shown.response
    # Its other regions are there, and so the menu says how many images that are.
    menu = {each.text for each in shown.all("a", data_account_state="failed")}
    assert menu == {f"Test {OF_TEST * 2 // 3}"}


def test_a_disabled_token_among_others_is_named_and_counts_nowhere(
    both_accounts: Client, person: User, cloud: Sandbox, keep: Keep
) -> None:
    old = keep(person, cloud.token, "Old", disabled_at=timezone.now())
    for shown in both(both_accounts, URL):
        assert shown.total == OF_PROD + OF_TEST
        assert "Without “Old”: its token is disabled." in notice(shown, "data_unusable", "disabled")
        assert set(shown.choices("Account")) == {"Prod", "Test"}
    refused = both_accounts.get(f"{API}/images?account={old.pk}")
    assert (refused.status_code, refused.json()["kind"]) == (403, "token-disabled")
    assert both_accounts.get(f"{URL}?account={old.pk}").status_code == 403
    answer = asked(both_accounts, "images")
    assert answer["total"] == OF_PROD + OF_TEST
    states = {each["label"]: each["state"] for each in answer["accounts"]}
    assert states == {"Prod": "fresh", "Test": "fresh", "Old": "disabled"}
    assert exported(both_accounts)["accounts"] == answer["accounts"]


def test_who_leaves_a_disabled_token_out_is_not_told_of_it(
    both_accounts: Client, person: User, cloud: Sandbox, keep: Keep
) -> None:
    keep(person, cloud.token, "Old", disabled_at=timezone.now())

    assert page(both_accounts, "").all(data_unusable=True)
    for query in ("?account=Prod", "?-account=Old"):
        shown = page(both_accounts, query)
        assert not shown.all("p", data_unusable=True)
        assert shown.total


@READ_BEHIND
@pytest.mark.parametrize("headers", [DOCUMENT, FRAGMENT], ids=["a browser", "htmx"])
def test_a_page_does_not_wait_for_an_account_that_was_never_read(
    both_accounts: Client, cloud: Sandbox, prod: Token, headers: dict[str, str]
) -> None:
    """It says that it is on its way; the next page has it."""
    read_again(cloud.token)
    cloud.misbehave(Fault("hang", token=cloud.other_token))
    shown = Page(both_accounts.get(f"{URL}?size=100", headers=headers))
    states = {
        each.text.split()[0]: each.attributes["data-account-state"]
        for each in shown.all("a", data_account_state=True)
    }
    cloud.clear_faults()

    assert accounts(shown) == {str(prod.pk): OF_PROD}
    assert "Test" in notice(shown, "data_loading")
    assert "Prod" not in notice(shown, "data_loading")
    assert states == {"Prod": "fresh", "Test": "loading"}
    let_refreshes_finish()


@READ_BEHIND
def test_what_was_on_its_way_is_on_the_next_page(both_accounts: Client, cloud: Sandbox) -> None:
    read_again(cloud.token)
    assert both_accounts.get(URL, headers=FRAGMENT).status_code == 200
    let_refreshes_finish()
    shown = Page(both_accounts.get(URL, headers=FRAGMENT))

    assert shown.total == OF_PROD + OF_TEST
    assert not shown.all(data_loading=True)


@READ_BEHIND
@pytest.mark.parametrize("path", [URL, *EXPORTS, f"{API}/images", f"{API}/facets"])
def test_scripts_and_files_wait_for_every_account(
    both_accounts: Client, cloud: Sandbox, path: str
) -> None:
    read_again(cloud.token)
    answer: Any = both_accounts.get(path)
    text = answer.getvalue().decode()
    assert answer.status_code == 200
    if path == URL:
        number = Page(answer).total
    elif path.endswith("csv"):
        number = len(list(csv.DictReader(io.StringIO(text, newline=""))))
    else:
        number = json.loads(text)["total"]
    assert number == OF_PROD + OF_TEST


@READ_BEHIND
def test_accounts_that_were_never_read_are_read_side_by_side(
    browser: Client, person: User, cloud: Sandbox, keep: Keep
) -> None:
    for number in range(4):
        keep(person, cloud.token if number % 2 else cloud.other_token, f"Account {number}")
    assert total(browser) == 2 * (OF_PROD + OF_TEST)
    assert len([call for call in cloud.calls if call.endpoint == "region/list"]) == 2


def test_an_account_that_comes_or_goes_moves_nothing_behind_a_cursor(
    both_accounts: Client, cloud: Sandbox, test: Token
) -> None:
    everything = [image["cimgUuid"] for image in exported(both_accounts, "?sort=name")["images"]]
    first = asked(both_accounts, "images?sort=name&size=25")
    of_test = {
        image["cimgUuid"]
        for region in ("gz", "bj", "sh")
        for image in cloud.images(region, cloud.other_token)
    }
    Token.objects.filter(pk=test.pk).update(disabled_at=timezone.now())
    assert first["images"][-1]["account"] != str(test.pk)
    following = both_accounts.get(first["next"]).json()

    shown = [image["cimgUuid"] for image in following["images"]]
    assert shown == [uuid for uuid in everything[25:] if uuid not in of_test]


# Everywhere


def test_overview_and_wall_are_sums_over_all_accounts(
    both_accounts: Client, prod: Token, person: User, keep: Keep
) -> None:
    for query, number in (("", OF_PROD + OF_TEST), (f"?account={prod.pk}", OF_PROD)):
        for shown in both(both_accounts, f"/overview/{query}"):
            assert shown.one("strong", data_figure="total").text == str(number)
        assert Page(both_accounts.get(f"/overview/display{query}")).total == number
        told = asked(both_accounts, f"overview{query}")
        assert told["total"] == number


def test_overview_and_wall_say_which_account_they_do_not_contain(
    both_accounts: Client, person: User, keep: Keep
) -> None:
    keep(person, REFUSED, "Wrong")
    for address in ("/overview/", "/overview/display"):
        shown = Page(both_accounts.get(address))
        assert shown.status == 200
        assert "Wrong" in shown.html
    assert Page(both_accounts.get("/overview/display")).total == OF_PROD + OF_TEST


def test_images_of_two_accounts_are_compared(both_accounts: Client, cloud: Sandbox) -> None:
    one = cloud.add_image("bj", name="of prod")["cimgUuid"]
    two = cloud.add_image("gz", token=cloud.other_token, name="of test")["cimgUuid"]
    shown = Page(both_accounts.get(f"/images/compare/?image=bj/{one}&image=gz/{two}"))

    heads = [head.one("a").text for head in shown.one("thead").all("th")[1:]]
    assert heads == ["of prod", "of test"]


def test_the_palette_finds_images_of_all_accounts_and_counts_over_them(
    both_accounts: Client, cloud: Sandbox
) -> None:
    cloud.add_image("bj", name="needle one", osFamily="Plan 9")
    cloud.add_image("bj", token=cloud.other_token, name="needle two", osFamily="Plan 9")
    page(both_accounts)

    def found(text: str) -> str:
        address = f"/images/palette/?{urlencode({'q': text, 'at': URL})}"
        return Page(both_accounts.get(address, headers=FRAGMENT)).text

    assert "needle one" in found("needle")
    assert "needle two" in found("needle")
    assert "Plan 9" in found("plan 9")


def test_changes_are_of_all_accounts_and_narrowed_to_one(
    both_accounts: Client, cloud: Sandbox, clock: Clock, prod: Token, test: Token
) -> None:
    page(both_accounts)
    cloud.add_image("bj", name="of prod")
    cloud.add_image("bj", token=cloud.other_token, name="of test")
    clock.now += 60
    for token in (cloud.token, cloud.other_token):
        read_again(token)

    def told(query: str = "") -> list[str]:
        shown = Page(both_accounts.get(f"/changes/{query}"))
        lines = shown.all("li", data_change=True)
        assert shown.total == len(lines)
        return sorted(
            name for line in lines for name in ("of prod", "of test") if name in line.text
        )

    assert told() == ["of prod", "of test"]
    for query in (f"?account={prod.pk}", "?account=Prod", f"?token={prod.pk}"):
        assert told(query) == ["of prod"]
        [change] = asked(both_accounts, f"changes{query}")["changes"]
        assert change["account"] == str(prod.pk)
    assert told(f"?account={test.pk}") == ["of test"]
    both_named = {each["account"] for each in asked(both_accounts, "changes")["changes"]}
    assert both_named == {str(prod.pk), str(test.pk)}


def test_a_saved_view_keeps_its_account(both_accounts: Client, person: User, test: Token) -> None:
    saving.save(person, "Of the test", f"account={test.pk}&sort=name", None, by=BY)
    shown = Page(both_accounts.get("/views/"))
    [href] = [link for link in shown.links if f"account={test.pk}" in link and link.startswith(URL)]

    assert Page(both_accounts.get(href)).total == OF_TEST


def test_two_people_with_other_sets_of_accounts_share_what_is_held_of_each(
    browser: Client, person: User, stranger: User, cloud: Sandbox, keep: Keep, blue: Team
) -> None:
    shared = keep(person, cloud.token, "Prod", team=blue)
    keep(person, cloud.other_token, "Mine")
    keep(stranger, cloud.other_token, "Also mine")
    for client in (browser, of(stranger)):
        assert total(client) == OF_PROD + OF_TEST
    mine, theirs = (indexes(each) for each in (person, stranger))

    assert mine[str(shared.pk)] is theirs[str(shared.pk)]
    assert {id(each) for each in mine.values()} == {id(each) for each in theirs.values()}


def indexes(user: User) -> dict[str, object]:
    """What is held of each account that they may read."""
    readable = access.access_with(access.tokens_of(user), user.username)
    gathered = services.inventories(readable.credentials).index
    return {part.account: part.index for part in gathered.parts}


def test_a_display_link_without_a_token_shows_all_accounts_of_the_team(
    both_accounts: Client,
    anonymous: Client,
    person: User,
    cloud: Sandbox,
    keep: Callable[..., Token],
    blue: Team,
) -> None:
    """At any time, and none of anyone else's."""
    one = keep(person, cloud.other_token, "Blue one", team=blue)
    whole, narrow = (
        links.make(blue, token, "Duty", query="", days=7, language="en", by=BY)[1]
        for token in (None, one)
    )
    assert Page(anonymous.get(f"/display/{whole}/")).total == OF_TEST
    keep(person, cloud.token, "Blue two", team=blue)

    assert Page(anonymous.get(f"/display/{whole}/")).total == OF_PROD + OF_TEST
    assert Page(anonymous.get(f"/display/{narrow}/")).total == OF_TEST
