"""/images/: the table, its filters, its pages, and what it says when something is missing."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from django.test import Client
from pytest_django import Settings

from dashboard.people.models import User
from dashboard.tokens.models import Token
from images.fields import COLUMNS, SORTS
from images.sandbox import Sandbox
from images.search.language import Term, written
from tests.integration.conftest import Keep
from tests.integration.images.pages import FRAGMENT, RESTORE, Page, both, column_of

URL = "/images/"
REGIONS = ("gz", "bj", "sh")
SAMPLE = "4a48f88391134a01befe88ff98b68a88"


def images_of(cloud: Sandbox, token: str | None = None) -> list[tuple[str, dict[str, Any]]]:
    """Everything the cloud has: (region, image)."""
    return [(region, image) for region in REGIONS for image in cloud.images(region, token)]


def newest_first(cloud: Sandbox) -> list[str]:
    def place(found: tuple[str, dict[str, Any]]) -> tuple[int, str, str, str]:
        region, image = found
        return -image["createTime"], image["name"].casefold(), region, image["cimgUuid"]

    return [image["cimgUuid"] for _, image in sorted(images_of(cloud), key=place)]


def query_of(link: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(link).query)


def shown(browser: Client, address: str = URL) -> Page:
    """The page at an address that must be there."""
    page = Page(browser.get(address))
    assert page.status == 200
    return page


def test_the_newest_images_of_all_regions_come_first(large: Client, large_cloud: Sandbox) -> None:
    page = shown(large)

    assert page.is_whole
    assert page.total == 750
    assert page.uuids == newest_first(large_cloud)[:50]
    assert {row.attributes["data-region"] for row in page.rows} == set(REGIONS)
    assert page.regions == dict.fromkeys(REGIONS, "fresh")
    assert page.one(_class="pager-range").text == "1–50 of 750"
    assert f"····{large_cloud.token[-4:]}" in page.text
    assert page.one("th", aria_sort=True).text == "Created"
    assert page.all(id="search")
    assert not page.chips
    assert not page.failures
    assert not page.notices
    assert "HX-Request" in page.response["Vary"]
    assert page.response["X-Inventory-Regions"].startswith("gz;state=fresh;age=")


def test_a_fragment_is_the_results_and_nothing_else(large: Client, large_cloud: Sandbox) -> None:
    _, fragment = both(large, URL)

    assert fragment.total == 750
    assert fragment.uuids == newest_first(large_cloud)[:50]
    assert fragment.regions == dict.fromkeys(REGIONS, "fresh")
    outermost = [part for part in fragment.parts if not isinstance(part, str)]
    assert [node.attributes["id"] for node in outermost] == ["images"]
    assert not fragment.all(_class="masthead")
    assert not fragment.all(id="search")


def test_back_asks_with_htmx_and_gets_the_whole_page(viewer: Client) -> None:
    page = Page(viewer.get(URL, headers=RESTORE))

    assert page.is_whole
    assert page.all(_class="masthead")


def test_a_row_says_what_the_cloud_says(viewer: Client) -> None:
    page = shown(viewer, f"{URL}?q={SAMPLE}")
    [row] = page.rows
    cells = {column_of(cell): cell.text for cell in row if column_of(cell)}

    assert row.attributes["data-region"] == "bj"
    assert cells == {
        "name": "北京02",
        "id": "cimg-cy58anir",
        "status": "Ready",
        "os": "CentOS 7",
        "platform": "Linux",
        "size": "524 MiB",
        "min_disk": "8 GiB",
        "regions": "Beijing",
        "storages": "3",
        "shared": "no",
        "created": "2020-10-27 11:51 UTC",
    }
    assert row.all(title="549,899,264 bytes")


def test_bad_storages_are_marked_in_the_table(viewer: Client, cloud: Sandbox) -> None:
    good = cloud.images("bj")[0]["backupStorages"][0]
    down = {**good, "bsUuid": "d" * 32, "status": "Disconnected"}
    for number, storages in enumerate(([good, down], [], None)):
        cloud.add_image("gz", name=f"made {number}", backupStorages=storages)
    page = shown(viewer, f"{URL}?q=made&sort=name")

    assert page.cells("storages") == ["1 of 2 unavailable", "0", "–"]
    assert [len(row.all(_class="at-risk")) for row in page.rows] == [1, 1, 0]


@pytest.mark.parametrize(
    ("address", "first", "last"),
    [
        ("?page=3", 101, 150),
        ("?page=15", 701, 750),
        ("?page=16", 701, 750),
        ("?page=1000000000", 701, 750),
        ("?size=25&page=2", 26, 50),
        ("?size=100&page=8", 701, 750),
        ("?size=200&page=2", 201, 400),
    ],
)
def test_pages_are_cut_where_they_say(
    large: Client, large_cloud: Sandbox, address: str, first: int, last: int
) -> None:
    for page in both(large, URL + address):
        assert page.uuids == newest_first(large_cloud)[first - 1 : last]
        assert page.one(_class="pager-range").text == f"{first}–{last} of 750"
        assert page.total == 750


def test_pages_link_to_previous_and_next_and_to_sizes(large: Client) -> None:
    first, third, last = (shown(large, f"{URL}?size=200&page={n}") for n in (1, 3, 4))

    assert not first.all("a", rel="prev")
    assert query_of(third.one("a", rel="prev").attributes["href"])["page"] == ["2"]
    assert query_of(third.one("a", rel="next").attributes["href"])["page"] == ["4"]
    pager = third.one("nav", _class="pager", hx_boost="true")
    assert pager.one("a", aria_current="page").text == "Page 3"
    assert not last.all("a", rel="next")
    sizes = third.one(_class="pager-sizes").all("a")
    assert [size.text for size in sizes] == ["25", "50", "100", "200"]
    assert "page" not in query_of(sizes[0].attributes["href"])


@pytest.mark.parametrize(("page", "named"), [
    (1, "1 2 3 … last"),
    (5, "1 2 3 4 5 6 7 … last"),
    (6, "1 … 4 5 6 7 8 … last"),
])  # fmt: skip
def test_page_numbers_name_the_first_the_last_and_those_around(
    large: Client, page: int, named: str
) -> None:
    found = shown(large, f"{URL}?size=25&page={page}")
    last = -(-(found.total or 0) // 25)
    texts = [each.text.removeprefix("Page ") for each in found.one(_class="pager-pages").all("li")]
    assert " ".join(filter(None, texts)) == named.replace("last", str(last))


def test_one_page_needs_no_page_numbers(viewer: Client) -> None:
    page = shown(viewer)

    assert page.one(_class="pager-range").text == "1–36 of 36"
    assert not page.all(_class="pager-pages")


@pytest.mark.parametrize("sort", SORTS)
def test_every_sort_is_said_where_it_is(viewer: Client, sort: str) -> None:
    for sign, order in (("", "ascending"), ("-", "descending")):
        for page in both(viewer, f"{URL}?sort={sign}{sort}&columns={sort}&columns=uuid"):
            heading = page.one("th", aria_sort=True)
            assert column_of(heading) == sort
            assert heading.attributes["aria-sort"] == order
            turned = query_of(heading.one("a").attributes["href"]).get("sort", ["-created"])
            assert turned == [sort if sign else f"-{sort}"]
            assert len(page.rows) == 36
            assert not page.notices


def test_the_name_leads_and_other_columns_are_in_the_order_asked_for(viewer: Client) -> None:
    for page in both(viewer, f"{URL}?columns=uuid&columns=name&columns=arch"):
        headings = [heading.text for heading in page.all("th", scope="col")]
        assert headings == ["Name", "UUID", "Architecture"]
        assert page.cells("uuid") == page.uuids


def test_every_column_there_is_can_be_shown(viewer: Client) -> None:
    page = shown(viewer, f"{URL}?{'&'.join(f'columns={name}' for name in sorted(COLUMNS))}")

    others = sorted(set(COLUMNS) - {"name"})
    assert [column_of(heading) for heading in page.all("th", scope="col")] == ["name", *others]
    assert all(len([cell for cell in row if column_of(cell)]) == len(COLUMNS) for row in page.rows)
    assert not page.notices


def test_the_name_is_always_there_to_open_the_image(viewer: Client) -> None:
    page = shown(viewer, f"{URL}?columns=size")

    assert [heading.text for heading in page.all("th", scope="col")] == ["Name", "Size"]


def test_facets_count_what_a_click_would_show(viewer: Client, cloud: Sandbox) -> None:
    page = shown(viewer)
    counts = {value: count for value, (count, _) in page.choices("OS").items()}

    assert counts == Counter(image["osFamily"] for _, image in images_of(cloud))
    value, (count, link) = next(iter(page.choices("Platform").items()))
    chosen = shown(viewer, link)
    assert chosen.total == count
    assert list(chosen.chips) == [f"Platform {value}"]


def test_a_facet_counts_without_its_own_choice_and_the_others_with_it(
    viewer: Client, cloud: Sandbox
) -> None:
    page = shown(viewer, f"{URL}?os=CentOS")
    centos = [image for _, image in images_of(cloud) if image["osFamily"] == "CentOS"]
    statuses = {value: count for value, (count, _) in page.choices("Status").items()}

    assert page.total == len(centos)
    assert "Ubuntu" in page.choices("OS")
    assert statuses == Counter(image["status"] for image in centos)


FILTERS = {
    "q": ("centos", "Text centos"),
    "region": ("bj", "Region Beijing bj"),
    "status": ("Ready", "Status Ready"),
    "os": ("CentOS", "OS CentOS"),
    "version": ("7.9", "OS version 7.9"),
    "platform": ("Linux", "Platform Linux"),
    "arch": ("64bit", "Architecture 64bit"),
    "type": ("custom", "Type custom"),
    "shared": ("no", "Shared no"),
    "zone": ("bj01", "Zone bj01"),
    "scene": ("base", "Scene base"),
    "tag": ("none", "Tag none"),
    "medium": ("SSD", "Storage medium SSD"),
    "min_disk": ("40GiB", "Min. disk 40 GiB"),
    "-os": ("CentOS", "OS not CentOS"),
    "-region": ("bj", "Region not Beijing bj"),
    "storage": ("ok", "Backup storages all connected"),
    "check": ("uncheck", "Check Not checked"),
    "name": ("北京02", "Exact name 北京02"),
    "min_size": ("1GiB", "Size from 1 GiB"),
    "max_size": ("99GiB", "Size up to 99 GiB"),
    "fits_disk": ("99GiB", "Fits a disk of 99 GiB"),
    "created_after": ("2020-01-31", "Created from 2020-01-31 UTC"),
    "created_before": ("2030-01-31T12:30:00Z", "Created before 2030-01-31 12:30 UTC"),
}


@pytest.mark.parametrize("parameter", FILTERS)
def test_every_filter_is_a_chip_that_takes_away_only_itself(viewer: Client, parameter: str) -> None:
    value, words = FILTERS[parameter]
    alone, with_another = f"{parameter}={quote(value)}", "min_size=5" * (parameter != "min_size")
    for page in both(viewer, f"{URL}?{alone}"):
        assert page.chips == {words: URL}
        assert not page.notices
    for page in both(viewer, f"{URL}?{alone}&{with_another}"):
        assert query_of(page.chips[words]) == parse_qs(with_another)


@pytest.mark.parametrize(
    ("parameter", "value", "words"),
    [
        ("created_before", "2030-01-31", "Created up to 2030-01-31 UTC"),
        ("created_before", "2030-01-31T00:00:00Z", "Created up to 2030-01-30 UTC"),
        ("created_before", "2030-02-01T00:00+08:00", "Created up to 2030-01-31 UTC+08:00"),
        ("created_before", "2030-02-01T00:00 08:00", "Created up to 2030-01-31 UTC+08:00"),
        ("created_before", "9999-12-31", "Created up to 9999-12-31 UTC"),
        ("created_after", "0001-01-01", "Created from 0001-01-01 UTC"),
        ("created_after", "2020-01-31T00:00-09:30", "Created from 2020-01-31 UTC-09:30"),
        ("created_after", "2020-01-31T09:00-09:30", "Created from 2020-01-31 09:00 UTC-09:30"),
    ],
)
def test_a_bound_in_time_is_named_as_the_link_means_it(
    viewer: Client, parameter: str, value: str, words: str
) -> None:
    for page in both(viewer, f"{URL}?{parameter}={quote(value)}"):
        assert [*page.chips] == [words]


def test_filters_are_all_cleared_at_once_but_not_the_preferences(viewer: Client) -> None:
    page = shown(viewer, f"{URL}?os=CentOS&q=web&sort=name&size=100")

    cleared = page.one("a", _class="chip-clear").attributes["href"]
    assert query_of(cleared) == {"sort": ["name"], "size": ["100"]}


@pytest.mark.parametrize(
    ("text", "names"),
    [("北京0", {"北京02"}), ("4A48F88391134A01", {"北京02"}), ("CIMG-CY58", {"北京02"})],
)
def test_the_search_reads_chinese_and_ids_in_any_case(
    viewer: Client, text: str, names: set[str]
) -> None:
    for page in both(viewer, f"{URL}?q={quote(text)}"):
        assert set(page.cells("name")) == names
        assert page.total == 1


def test_what_was_searched_stays_in_the_field(viewer: Client) -> None:
    page = shown(viewer, f"{URL}?q=a%22%3E%3Cscript%3E&os=CentOS")

    assert page.one(id="q").attributes["value"] == 'a"><script> os:CentOS '


# Addresses that the page does not follow -> how it names them.
INVALID = {
    "region=b%20j": "region=b j – not a region ID",
    "region=../..": "region=../.. – not a region ID",
    "shared=maybe": "shared=maybe – must be yes, no or unknown",
    "storage=fine": "storage=fine – must be ok, at-risk or unknown",
    "min_size=big": "min_size=big – not a size, such as 20GiB",
    "max_size=-1": "max_size=-1 – not a size, such as 20GiB",
    "max_size=99999999EiB": "max_size=99999999EiB – larger than any image",
    "created_after=yesterday": "created_after=yesterday – not a date, such as 2024-01-31",
    "created_after=NaN": "created_after=NaN – not a date, such as 2024-01-31",
    "created_after=0000-01-01": "created_after=0000-01-01 – not a date, such as 2024-01-31",
    "created_before=2024-10-27T00:00%2B99:99": (
        "created_before=2024-10-27T00:00+99:99 – not a date, such as 2024-01-31"
    ),
    "created_before=" + "9" * 300: (f"created_before={'9' * 79}… – not a date, such as 2024-01-31"),
    "created_before=2024-13-45": "created_before=2024-13-45 – not a date, such as 2024-01-31",
    "sort=colour": "sort=colour – unknown sort order",
    "sort=--name": "sort=--name – unknown sort order",
    "page=0": "page=0 – no such page",
    "page=last": "page=last – not a number",
    "size=7": "size=7 – not one of the page sizes",
    "size=1e2": "size=1e2 – not a number",
    "columns=colour": "columns=colour – unknown column",
    "colour=red": "colour=red – unknown parameter",
    "%3Cscript%3E=%3Cb%3E": "<script>=<b> – unknown parameter",
    "account=mine": "account=… – not an account that you may read",
    "token=mine&token=": "account=… – not an account that you may read",
    "-account=mine": "-account=… – not an account that you may read",
    "account=" + "f" * 201: "account=… – longer than 200 characters",
    "page=1&page=2&page=1": "page=2 – given more than once; the last one is used",
    "q=%00%07": "q=\\x00\\x07 – control characters were removed",
    "os=" + "x" * 201: f"os={'x' * 79}… – longer than 200 characters",
}


@pytest.mark.parametrize("address", INVALID)
def test_an_invalid_parameter_is_named_and_not_followed(viewer: Client, address: str) -> None:
    for page in both(viewer, f"{URL}?{address}"):
        assert page.notices == [f"Part of the address was ignored: {INVALID[address]}"]
        assert page.total == 36
        assert not page.chips
        assert not page.failures


JUNK = [
    "%00",
    "%FF%FE",
    "%ED%A0%80",
    "%",
    "%25s%25n",
    "%20",
    "-1",
    "0",
    "9" * 400,
    "1e999",
    "NaN",
    "inf",
    "99999999999999999999GiB",
    "0001-01-01",
    "0001-01-01T00:00:00%2B14:00",
    "9999-12-31T23:59:59.999999-12:00",
    "１２３",
    "%F0%9F%9A%80",
    "%E2%80%AE",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "%22%27%3E%3Cimg%20src=x%3E",
    "{{7*7}}{%25%20now%20%25}",
    "../../etc/passwd",
    "[]",
    "null",
    "%0D%0AX-Injected:%201",
    "x" * 5000,
]
PARAMETERS = [*FILTERS, "sort", "page", "size", "columns", "token", "colour", "_", "%00"]


@pytest.mark.parametrize("junk", JUNK)
def test_junk_in_every_parameter_is_never_an_error(viewer: Client, junk: str) -> None:
    pairs = [f"{name}={junk}&{name}={junk}{junk[:20]}" for name in PARAMETERS if name != "region"]
    for page in both(viewer, f"{URL}?{'&'.join(pairs)}"):
        assert page.total is not None
        assert "X-Injected" not in page.response.headers
        assert_nothing_runs(page)


def test_junk_as_a_region_is_named_or_not_found(viewer: Client) -> None:
    for junk in JUNK:
        page = Page(viewer.get(f"{URL}?region={junk}"))
        assert page.status in (200, 404)
        assert (page.status == 404) is ("This region does not exist" in page.text)
        assert_nothing_runs(page)


def test_an_unknown_region_is_not_found_with_a_way_back(viewer: Client) -> None:
    for page in both(viewer, f"{URL}?region=mars", 404):
        assert "This region does not exist" in page.text
        assert {f"{URL}?region={region}" for region in REGIONS} <= set(page.links)
        assert URL in page.links
        assert page.total is None
        assert not page.rows


def test_an_empty_account_is_said_to_be_empty(
    browser: Client, person: User, keep: Keep, settings: Settings
) -> None:
    with Sandbox(images=0) as empty:
        settings.DIDIYUN_API_URL = empty.url
        keep(person, empty.token)
        pages = both(browser, URL)

    for page in pages:
        assert page.total == 0
        assert "This account has no custom images" in page.text
        assert page.regions == dict.fromkeys(REGIONS, "fresh")
        assert not page.rows
        assert not page.failures
        assert "No matches" not in page.text


def test_no_row_that_fits_is_not_an_empty_account(viewer: Client) -> None:
    for page in both(viewer, f"{URL}?q=nowhere-to-be-found"):
        assert page.total == 0
        assert "No matches" in page.text
        assert "no custom images" not in page.text
        assert not page.all(_class="pager")
        assert URL in page.links


# Whose images


def test_without_a_token_the_page_says_how_to_get_one(browser: Client, cloud: Sandbox) -> None:
    for page in both(browser, URL):
        assert "Add a token to see your images" in page.text
        assert "/tokens/#add-title" in page.links
        assert page.total is None
        assert not page.failures
    assert not cloud.calls


@pytest.mark.parametrize("path", ["export.csv", "export.json", f"bj/{SAMPLE}/"])
def test_without_a_token_nothing_else_is_there_to_be_had(
    browser: Client, cloud: Sandbox, path: str
) -> None:
    for page in both(browser, URL + path, 403):
        assert "Add a token to see your images" in page.text
        assert "Content-Disposition" not in page.response.headers
    assert not cloud.calls


@pytest.mark.backend
def test_a_token_that_cannot_be_decrypted_is_named_with_what_to_do(
    viewer: Client, cloud: Sandbox
) -> None:
    token = Token.objects.get()
    Token.objects.update(sealed="gone:AAAA")

    for page in both(viewer, URL, 403):
        assert "This token can no longer be read" in page.text
        assert "“Main”" in page.text
        assert f"/tokens/{token.pk}/replace/" in page.links
        assert "Add a token" not in page.text
        assert page.total is None
    assert not cloud.calls


def test_someone_elses_account_is_like_one_that_never_was(
    viewer: Client, cloud: Sandbox, stranger: User, keep: Keep
) -> None:
    """It is left out and said to be, in the same words, and the rest of the address holds."""
    theirs = keep(stranger, cloud.other_token, "Theirs")
    addresses = [
        f"{URL}?{named}={account}&os=CentOS"
        for named in ("account", "token")
        for account in (theirs.pk, uuid.uuid4(), "Theirs")
    ]
    centos = [image for _, image in images_of(cloud) if image["osFamily"] == "CentOS"]

    for page in itertools.chain.from_iterable(both(viewer, address) for address in addresses):
        assert page.notices == [
            "Part of the address was ignored: account=… – not an account that you may read"
        ]
        assert page.total == len(centos)
        assert list(page.chips) == ["OS CentOS"]
        assert not [link for link in page.links if "account=" in link or "token=" in link]
        assert str(theirs.pk) not in page.one(id="images").text
        assert "Theirs" not in page.text


def test_an_image_of_a_link_with_someone_elses_account_is_shown_all_the_same(
    viewer: Client, cloud: Sandbox, stranger: User, keep: Keep
) -> None:
    theirs = keep(stranger, cloud.other_token, "Theirs")
    page, panel = both(viewer, f"{URL}bj/{SAMPLE}/?token={theirs.pk}")

    assert page.notices == [
        "Part of the address was ignored: account=… – not an account that you may read"
    ]
    for each in (page, panel):
        assert each.facts["UUID"].startswith(SAMPLE)
        assert not [link for link in each.links if "account=" in link or "token=" in link]
        assert "Theirs" not in each.text


@pytest.mark.parametrize("path", ["export.csv", "export.json"])
def test_no_file_is_made_of_someone_elses_account(
    viewer: Client, cloud: Sandbox, stranger: User, keep: Keep, path: str
) -> None:
    theirs = keep(stranger, cloud.other_token, "Theirs")

    for account, headers in itertools.product((theirs.pk, uuid.uuid4(), "x"), ({}, FRAGMENT)):
        page = Page(viewer.get(f"{URL}{path}?account={account}", headers=headers))
        assert page.status == 404
        assert "This address names an account that you may not read." in page.text
        assert "Theirs" not in page.text
        assert page.total is None


@pytest.mark.backend
def test_the_images_of_all_accounts_are_in_one_list_and_each_account_narrows_it(
    viewer: Client, cloud: Sandbox, person: User, keep: Keep
) -> None:
    main, other = Token.objects.get(), keep(person, cloud.other_token, "Other")
    of_each = {
        str(token.pk): Counter(
            (region, image["cimgUuid"]) for region, image in images_of(cloud, of)
        )
        for token, of in ((main, cloud.token), (other, cloud.other_token))
    }
    for page in both(viewer, f"{URL}?size=200"):
        assert page.total == sum(of.total() for of in of_each.values())
        assert listed(page) == of_each
        assert {row.one(_class="row-account").text for row in page.rows} == {"Main", "Other"}
        assert page.choices("Account") == {
            token.label: (of_each[str(token.pk)].total(), f"{URL}?size=200&account={token.pk}")
            for token in (main, other)
        }
        menu = page.one(id="status").one("details", _class="menu accounts")
        assert menu.one("summary").text == "Accounts: 2 accounts"
        assert [each.text for each in menu.all("a", _class="account")] == [
            f"{token.label} {of_each[str(token.pk)].total()}" for token in (main, other)
        ]
        assert not menu.all(aria_current=True)
    for page in both(viewer, menu.all("a", _class="account")[1].attributes["href"]):
        menu = page.one(id="status").one("details", _class="menu accounts")
        assert menu.one("summary").text == "Accounts: Other"
        assert menu.one(aria_current="true").text.startswith("Other")
        assert menu.all("a")[0].attributes == {"href": URL}
        assert listed(page) == {str(other.pk): of_each[str(other.pk)]}
        assert page.chips == {"Account Other": URL}


def listed(page: Page) -> dict[str, Counter[tuple[str, str]]]:
    """The images of each account on a page."""
    found: dict[str, Counter[tuple[str, str]]] = {}
    for row in page.rows:
        place = (row.attributes["data-region"], row.attributes["data-image"])
        found.setdefault(row.attributes["data-account"], Counter())[place] += 1
    return found


def test_accounts_are_named_by_label_or_by_id_in_old_and_new_links(
    viewer: Client, cloud: Sandbox, person: User, keep: Keep
) -> None:
    """The page goes on with the id: a label may be changed, or be another one tomorrow."""
    main, other = Token.objects.get(), keep(person, cloud.other_token, "Other")
    for named in (f"token={other.pk}", "account=OTHER", f"-account={main.pk}", "-account=main"):
        page = shown(viewer, f"{URL}?{named}")
        assert list(listed(page)) == [str(other.pk)]
        assert not page.notices
        [link] = page.chips.values()
        assert link == URL
    for both_named in (f"token={main.pk}&account=Other", f"token={main.pk}&token={other.pk}"):
        page = shown(viewer, f"{URL}?{both_named}")
        assert set(listed(page)) == {str(main.pk), str(other.pk)}
        assert set(page.chips) == {"Account Main", "Account Other"}


def test_an_account_named_in_the_address_is_carried_by_every_link(
    viewer: Client, cloud: Sandbox, person: User, keep: Keep
) -> None:
    other = keep(person, cloud.other_token, "Other")
    for page in both(viewer, f"{URL}?token={other.pk}&os=CentOS&q=e"):
        results = page.one(id="images")
        menu = results.one(id="status").one(_class="menu-list").all("a")
        drop = page.chips["Account Other"]
        choices = page.choices("Account")
        others = [drop, *(link for _count, link in choices.values())]
        links = [link for link in results.all("a") if link not in menu]
        kept = [link for link in links if link.attributes["href"] not in others]
        assert len(kept) > 10
        for link in kept:
            if link.attributes["href"] != URL:
                assert query_of(link.attributes["href"])["account"] == [str(other.pk)]
        assert query_of(drop) == {"os": ["CentOS"], "q": ["e"]}
        assert choices["Other"][1] == drop
        fields = [node.attributes["value"] for node in page.all("input", name="account")]
        assert fields == [str(other.pk)] * 2  # the ranges' and the picked rows'
        looks = results.one("input", form="looks").attributes["value"]
        assert f"account={other.pk}" in looks
        # The search box says it in words, which mean the same account.
        assert "account:Other" in results.one(id="searched").attributes["data-text"]


def test_an_account_that_is_not_named_is_in_no_link(
    viewer: Client, cloud: Sandbox, person: User, keep: Keep
) -> None:
    page = shown(viewer, f"{URL}?os=CentOS")
    assert not [link for link in page.links if "account=" in link or "token=" in link]

    keep(person, cloud.other_token, "Other")
    results = shown(viewer, f"{URL}?os=CentOS").one(id="images")
    rows = [link for row in results.all("tr", data_image=True) for link in row.all("a")]
    assert rows
    assert not [link for link in rows if "account=" in link.attributes["href"]]


def test_two_people_with_one_token_cost_the_cloud_what_one_costs_and_see_their_own_page(
    viewer: Client, cloud: Sandbox, stranger: User, keep: Keep
) -> None:
    keep(stranger, cloud.token, "Same token")
    mine = shown(viewer)
    calls = len(cloud.calls)
    viewer.force_login(stranger)
    theirs = shown(viewer)

    assert theirs.uuids == mine.uuids
    assert len(cloud.calls) == calls
    assert "Same token" in theirs.text
    assert "Same token" not in mine.text
    assert stranger.username in theirs.one(_class="masthead").text
    assert "person" not in theirs.one(_class="masthead").text
    forms = [node.attributes["value"] for node in theirs.all(name="csrfmiddlewaretoken")]
    assert len(set(forms)) == 1
    assert not set(forms) & {
        node.attributes["value"] for node in mine.all(name="csrfmiddlewaretoken")
    }


@pytest.mark.backend
def test_a_page_that_is_kept_says_what_has_changed_since(
    viewer: Client, cloud: Sandbox, person: User, keep: Keep
) -> None:
    before = shown(viewer)
    Token.objects.update(label="Renamed")
    keep(person, cloud.other_token, "Other")
    after = shown(viewer)

    assert f"Main ····{cloud.token[-4:]}" in before.text
    assert "Main" not in after.text
    accounts = after.one("details", _class="menu accounts").all("a", _class="account")
    assert [each.one("bdi").text for each in accounts] == ["Other", "Renamed"]
    assert {row.one(_class="row-account").text for row in after.rows} == {"Renamed", "Other"}


# Who asks


@pytest.mark.parametrize("path", ["", "export.csv", "export.json", f"bj/{SAMPLE}/"])
def test_a_visitor_is_sent_to_sign_in_and_back(
    anonymous: Client, cloud: Sandbox, path: str
) -> None:
    response = anonymous.get(f"{URL}{path}?q=web")

    assert response.status_code == 302
    assert response["Location"] == f"/accounts/login/?next={quote(f'{URL}{path}?q=web')}"
    assert not cloud.calls


@pytest.mark.parametrize("path", ["", f"bj/{SAMPLE}/"])
def test_a_visitors_fragment_sends_the_whole_page_to_sign_in(
    anonymous: Client, cloud: Sandbox, path: str
) -> None:
    headers = {**FRAGMENT, "HX-Current-URL": f"http://testserver{URL}?q=web"}
    response = anonymous.get(f"{URL}{path}", headers=headers)

    assert response.status_code == 403
    assert response["HX-Redirect"] == f"/accounts/login/?next={quote(f'{URL}?q=web')}"
    assert not response.content
    assert not cloud.calls


@pytest.mark.parametrize("path", ["", "export.csv", "export.json", f"bj/{SAMPLE}/"])
def test_it_is_only_read(viewer: Client, path: str) -> None:
    assert viewer.head(f"{URL}{path}").status_code == 200
    for ask in (viewer.post, viewer.put, viewer.patch, viewer.delete):
        assert ask(f"{URL}{path}").status_code == 405


# What the cloud sends is not trusted


def assert_nothing_runs(page: Page) -> None:
    """No element or attribute but those of our own templates."""
    for element in page:
        assert element.tag != "script" or element.attributes["src"].startswith("/static/")
        assert element.tag not in ("img", "b", "iframe", "object", "style")
        assert not [name for name in element.attributes if name.startswith("on")]
        assert not element.attributes.get("href", "").startswith("javascript")


def test_names_are_shown_as_they_are_and_do_nothing(large: Client, large_cloud: Sandbox) -> None:
    names = Counter(
        " ".join(image["name"].split()) for _, image in images_of(large_cloud) if image["name"]
    )
    seen: Counter[str] = Counter()
    for number in range(1, 5):
        columns = "&".join(f"columns={name}" for name in sorted(COLUMNS))
        page = shown(large, f"{URL}?size=200&page={number}&{columns}")
        seen.update(name.partition(" cimg-")[0] for name in page.cells("name"))
        assert_nothing_runs(page)

    assert names["<script>alert(1)</script>"] == 3
    assert seen.pop("(no name)") == 3
    assert seen.pop("(no visible name)") == names.pop("") == 3
    assert seen == names


HOSTILE = [
    "<query>",
    "&lt;query&gt;",
    "{{ csrf_token }}",
    "%s %(total)s {0}",
    "</script><script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "javascript:alert(1)",
    "]]>",
    "<!--",
]


SEARCHES = ("web", "we", "采集", 'a"b<c>&d=e', "q=%41+x", "-", "&amp;", "no such text")


def test_each_search_shows_its_own_text_and_no_other(large: Client) -> None:
    for text in (*SEARCHES, *reversed(SEARCHES)):
        page = shown(large, f"{URL}?q={quote(text)}&os=CentOS&sort=name")
        assert list(page.chips) == [f"Text {text}", "OS CentOS"]
        [field] = [each.attributes["value"] for each in page.all("input", name="q", type="hidden")]
        assert field == text
        files = page.all("a", download=True)
        sorts = [link for heading in page.all("th", scope="col") for link in heading.all("a")]
        names = [row.all("a")[0] for row in page.rows]
        for link in (*files, *sorts, *names):
            assert query_of(link.attributes["href"])["q"] == [text]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_only_a_name(viewer: Client, cloud: Sandbox, name: str) -> None:
    made = cloud.add_image("bj", name=name, cimgTags=[name], description=name, osFamily=name)
    columns = "columns=name&columns=description&columns=tags&columns=os"
    searched = written([Term(name)])
    for page in both(viewer, f"{URL}?q={quote(searched)}&os={quote(name)}&{columns}"):
        assert page.uuids == [made["cimgUuid"]]
        assert [page.cells(column) for column in ("name", "description", "tags")] == [[name]] * 3
        assert {f"Text {searched}", f"OS {name}"} == set(page.chips)
        link = page.rows[0].one("a").attributes["href"]
        assert query_of(link)["q"] == [searched]
        assert_nothing_runs(page)
    assert shown(viewer, link).one(id="detail-title").text == name
