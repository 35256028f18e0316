"""Queries against what a plain loop over the images gives."""

from __future__ import annotations

import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from images.bounds import Bound
from images.cloud.items import pack_item
from images.cloud.records import Image
from images.fields import SORTS
from images.os_support import release_of, support_state
from images.search.bitsets import BoundedCache
from images.search.gathered import around, matching, rows_between, run
from images.search.gathered_index import GatheredIndex
from images.search.language import Term, terms, written
from images.search.query import CHOICES, FacetValue, ImageQuery, image_query
from tests.indexes import ACCOUNT, gathered, index_of

UNKNOWN_IMAGE = Image(
    region="bj",
    uuid="0" * 32,
    id=None,
    name=None,
    description=None,
    status=None,
    type=None,
    os_family=None,
    os_version=None,
    arch=None,
    platform=None,
    check_state=None,
    size=None,
    min_disk=None,
    created=None,
    updated=None,
    shared=None,
    external=None,
    regions=(),
    zones=(),
    scenes=(),
    tags=(),
    storages=None,
    storages_down=0,
    disks=(),
    job=None,
    packed=pack_item(b"{}"),
)


def image(**facts: Any) -> Image:
    """An image of which only this is known."""
    known = {name: getattr(UNKNOWN_IMAGE, name) for name in Image.__struct_fields__}
    return Image(**{**known, **facts})


# The same answers, found the slow way


def scalar(value: str | None) -> set[str]:
    return {value or "unknown"}


def several(values: Sequence[str] | None) -> set[str]:
    if values is None:
        return {"unknown"}
    return {value or "unknown" for value in values} or {"none"}


def storage(image: Image) -> set[str]:
    if image.storages is None:
        return {"unknown"}
    if image.storages == 0 or image.storages_down:
        return {"at-risk"}
    return {"unknown" if image.storages_unknown else "ok"}


VALUES: dict[str, Callable[[Image], set[str]]] = {
    "region": lambda image: {image.region},
    "status": lambda image: scalar(image.status),
    "os": lambda image: scalar(image.os_family),
    "version": lambda image: scalar(image.os_version),
    "platform": lambda image: scalar(image.platform),
    "arch": lambda image: scalar(image.arch),
    "type": lambda image: scalar(image.type),
    "shared": lambda image: {{True: "yes", False: "no", None: "unknown"}[image.shared]},
    "zone": lambda image: several(
        None if image.zones is None else [zone.lower() for zone in image.zones]
    ),
    "scene": lambda image: several(image.scenes),
    "tag": lambda image: several(image.tags),
    "medium": lambda image: several(image.disks),
    "min_disk": lambda image: {"unknown" if image.min_disk is None else str(image.min_disk)},
    "storage": storage,
    "check": lambda image: scalar(image.check_state),
    "support": lambda image: {support_state(image.os_family, image.os_version)},
}


def fold(text: str | None) -> str:
    composed = unicodedata.normalize("NFKC", text or "").casefold()
    return unicodedata.normalize("NFKC", composed)


def alike(value: str) -> str:
    same = fold(value)
    return value if same in ("unknown", "none") else same


def wanted(query: ImageQuery, facet: str) -> set[str]:
    return {alike(value) for value in query.chosen(facet)}


def commonest(images: Sequence[Image], facet: str) -> dict[str, str]:
    """The spelling that most images have of each value, else the first."""
    counts = Counter(value for image in images for value in VALUES[facet](image))
    found: dict[str, str] = {}
    for value in sorted(counts, key=lambda each: (-counts[each], each)):
        found.setdefault(alike(value), value)
    return found


def ms(bound: Bound | None) -> int | None:
    return None if bound is None else bound.ms


def misses(query: ImageQuery, image: Image, account: str = ACCOUNT) -> set[str]:
    """What of the query the image does not fit, as the account lists it."""
    missed = {"account"} if query.chosen("account") else set()
    missed -= {"account"} if account in query.chosen("account") else set()
    missed |= {"-account"} if account in query.chosen("-account") else set()
    missed |= {
        facet
        for facet, values in VALUES.items()
        if query.chosen(facet) and not wanted(query, facet) & set(map(alike, values(image)))
    }
    missed |= {
        f"-{facet}"
        for facet, values in VALUES.items()
        if wanted(query, f"-{facet}") & set(map(alike, values(image)))
    }
    texts = (image.name, image.description, *(image.tags or ()))
    system = f"{image.os_family or ''} {image.os_version or ''}"
    for term in terms(query.q):
        word = fold(term.text)
        ids = (image.id, image.uuid) if len(word) >= 4 else ()
        searched = map(fold, (*texts, *ids, system, image.platform, image.arch))
        named = any(f" {word}" in f" {fold(name)}" for name in NAMES.get(account, ()))
        found = named or word == image.region or any(word in text for text in searched)
        if found == term.excluded:
            missed.add("q")
    names = {unicodedata.normalize("NFC", name) for name in query.name}
    if names and unicodedata.normalize("NFC", image.name or "") not in names:
        missed.add("name")
    if query.image and f"{image.region}/{image.uuid}" not in query.image:
        missed.add("image")
    for value, low, high in (
        (image.size, query.min_size, query.max_size),
        (image.created, ms(query.created_after), ms(query.created_before)),
        (image.min_disk, None, query.fits_disk),
    ):
        if (low, high) != (None, None) and value is None:
            missed.add("range")
        if low is not None and value is not None and value < low:
            missed.add("range")
        if high is not None and value is not None and value > high:
            missed.add("range")
    if image.created is not None and image.created == ms(query.created_before):
        missed.add("range")
    return missed


def natural(text: str) -> list[tuple[int, int, int]]:
    """Letters as they are; a number where digits are, shorter ones first."""
    parts = re.findall(r"[0-9]+|[^0-9]", fold(text), re.DOTALL)
    return [
        (ord("0"), len(str(int(part))) if int(part) else 0, int(part))
        if part.isdecimal() and part.isascii()
        else (ord(part), -1, 0)
        for part in parts
    ]


ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "os": ("os_family", "os_version"),
    "check": ("check_state",),
}


def fact(image: Image, attribute: str) -> Any:
    if attribute == "support_end":
        release = release_of(image.os_family, image.os_version)
        return release.standard_end if release else None
    return getattr(image, attribute)


def in_order(images: Sequence[Image], sort: str, rows: Sequence[int]) -> list[int]:
    def tie_break(row: int) -> tuple[Any, str, str]:
        image = images[row]
        return (natural(image.name or ""), image.region, image.uuid)

    ordered = sorted(rows, key=tie_break)
    key = sort.removeprefix("-")
    for attribute in reversed(ATTRIBUTES.get(key, (key,))):
        column = {row: fact(images[row], attribute) for row in ordered}
        known = [row for row in ordered if column[row] not in (None, "")]
        unknown = [row for row in ordered if column[row] in (None, "")]
        if known and isinstance(column[known[0]], str):
            column = {row: natural(column[row]) for row in known}
        known.sort(key=column.__getitem__, reverse=sort.startswith("-"))
        ordered = known + unknown
    return ordered


def expected_rows(images: Sequence[Image], query: ImageQuery, accounts: Sequence[str]) -> list[int]:
    """Rows stand account after account, so that of equal ones the first is of the first."""
    rows = [row for row, image in enumerate(images) if not misses(query, image, accounts[row])]
    return in_order(images, query.sort, rows)


def expected_accounts(
    images: Sequence[Image], query: ImageQuery, accounts: Sequence[str]
) -> list[FacetValue]:
    chosen, excluded = query.chosen("account"), query.chosen("-account")
    missed = [misses(query, image, accounts[row]) for row, image in enumerate(images)]
    counts = Counter(
        accounts[row] for row in range(len(images)) if missed[row] <= {"account", "-account"}
    )
    values = [
        FacetValue(each, counts[each], each in chosen, each in excluded)
        for each in {*counts, *chosen, *excluded}
    ]
    return sorted(values, key=place)


def expected_facets(
    images: Sequence[Image], query: ImageQuery, accounts: Sequence[str]
) -> dict[str, list[FacetValue]]:
    counts: dict[str, Counter[str]] = {facet: Counter() for facet in VALUES}
    kept_out: dict[str, Counter[str]] = {facet: Counter() for facet in VALUES}
    for row, image in enumerate(images):
        missed = misses(query, image, accounts[row])
        for facet, values in VALUES.items():
            present = set(map(alike, values(image)))
            if missed <= {facet}:
                counts[facet].update(present)
            if missed <= {facet, f"-{facet}"}:
                kept_out[facet].update(present)
    facets = {"account": expected_accounts(images, query, accounts)}
    for facet, counted in counts.items():
        shown = commonest(images, facet)
        asked = {alike(value): value for value in query.chosen(facet)}
        excluded = {alike(value): value for value in query.chosen(f"-{facet}")}
        spellings = excluded | asked | shown
        numbers = {same: counted[same] for same in asked.keys() | counted.keys()}
        numbers |= {same: kept_out[facet][same] for same in excluded}
        found = [
            FacetValue(spellings.get(same, same), number, same in asked, same in excluded)
            for same, number in numbers.items()
        ]
        facets[facet] = sorted(found, key=place)
    return facets


def place(one: FacetValue) -> tuple[Any, ...]:
    return (not one.selected, not one.excluded, -one.count, natural(one.value), one.value)


def agree(
    images: Sequence[Image],
    index: GatheredIndex,
    query: ImageQuery,
    accounts: Sequence[str] | None = None,
) -> None:
    accounts = accounts or [ACCOUNT] * len(images)
    rows = expected_rows(images, query, accounts)
    pages = max(1, -(-len(rows) // query.size))
    page = min(query.page, pages)
    shown = rows[(page - 1) * query.size : page * query.size]
    facets = expected_facets(images, query, accounts)
    for _again in ("never seen", "seen"):
        result = run(index, query)
        assert list(result.rows) == shown
        assert (result.total, result.everything) == (len(rows), len(images))
        assert (result.page, result.pages) == (page, pages)
        assert result.first == ((page - 1) * query.size + 1 if rows else 0)
        assert result.last == (result.first + len(shown) - 1 if rows else 0)
        assert {name: list(found) for name, found in result.facets.items()} == facets
    assert list(matching(index, query)) == rows
    for number, row in enumerate(rows):
        beside = around(index, query, row)
        assert beside is not None
        before = rows[number - 1] if number else None
        after = rows[number + 1] if number + 1 < len(rows) else None
        assert beside == (number + 1, len(rows), before, after)
        assert list(rows_between(index, query, number, number + 2)) == rows[number : number + 2]
    assert all(around(index, query, row) is None for row in {*range(len(images))} - {*rows})


# What words find an account by.
NAMES = {"b": ("Web 京", "team"), "c": ("bj",)}

# Little words, so that images agree often; and a few that are hard to compare or to search

WORDS = [
    "web",
    "Web",
    "WEB-1",
    "北京02",
    "镜像 测试",
    "straße",
    "STRASSE",
    "ﬃ",
    "İ",
    "web\0b",
    "\0",
    "é",
]
VERSIONS = ["7", "7.9", "7.10", "07.9", "2012 R2", "2012 r2", "x7", "7" * 40, "v", ""]
words = st.sampled_from(WORDS) | st.text(max_size=3)
maybe = st.none() | st.just("")
small = st.none() | st.integers(0, 4)


def several_of(values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...] | None]:
    return st.none() | st.lists(values, max_size=3).map(tuple)


FACTS: dict[str, st.SearchStrategy[Any]] = {
    "region": st.sampled_from(["bj", "gz"]),
    "uuid": st.sampled_from(["0a", "0b", "A0", "uuid_1"]) | st.uuids().map(lambda uuid: uuid.hex),
    "id": maybe | words,
    "name": maybe | words,
    "description": maybe | words,
    "status": maybe | st.sampled_from(["Ready", "Error", "unknown"]),
    "type": st.just("custom"),
    "os_family": maybe | st.sampled_from(["CentOS", "centos", "Windows"]),
    "os_version": st.none() | st.sampled_from(VERSIONS),
    "arch": maybe | st.just("64bit"),
    "platform": maybe | st.just("Linux"),
    "check_state": maybe | st.just("uncheck"),
    "size": small | st.just(2**63 - 1),
    "min_disk": small,
    "created": st.none() | st.integers(1, 4),
    "updated": small,
    "shared": st.none() | st.booleans(),
    "zones": several_of(st.sampled_from(["bj01", "BJ01", "gz01", ""])),
    "scenes": several_of(st.sampled_from(["base", "gpu"])),
    "tags": several_of(words),
    "storages": small,
    "storages_down": st.integers(0, 1),
    "storages_unknown": st.integers(0, 1),
    "disks": several_of(st.sampled_from(["SSD", "HE"])),
}
inventories = st.lists(st.builds(image, **FACTS), max_size=12)
BOUNDS = ["min_size", "max_size", "fits_disk", "created_after", "created_before"]
SORT_NAMES = [f"{direction}{name}" for name in SORTS for direction in ("", "-")]


@st.composite
def queries(draw: st.DrawFn, images: Sequence[Image]) -> ImageQuery:
    """Mostly of what the images have, a little of what they have not."""
    chosen: dict[str, Any] = {}
    for choice in draw(st.lists(st.sampled_from(CHOICES), max_size=3, unique=True)):
        facet = choice.removeprefix("-")
        if facet == "account":
            named = st.lists(st.sampled_from("abcd"), min_size=1, max_size=2, unique=True)
            chosen[choice] = tuple(draw(named))
            continue
        present = sorted({value for image in images for value in VALUES[facet](image)})
        values = st.sampled_from([*present, "unknown", "BJ01", "no such"])
        chosen[choice] = tuple(draw(st.lists(values, min_size=1, max_size=2)))
    texts = [
        text
        for image in images
        for text in (image.name, image.uuid, image.os_version, *(image.tags or ()))
        if text
    ]
    parts = st.sampled_from([*texts, "we", "B", "team", "京", "SS", "0", "centos"])
    parts = (parts.map(lambda text: text[:3]) | words).map(lambda text: text.replace("\0", ""))
    asked = st.builds(Term, parts.filter(bool), excluded=st.booleans())
    chosen["q"] = written(draw(st.lists(asked, max_size=2)))
    for name in draw(st.lists(st.sampled_from(BOUNDS), max_size=2, unique=True)):
        number = draw(st.integers(-1, 5))
        chosen[name] = Bound(number) if name.startswith("created") else number
    if images and not draw(st.integers(0, 4)):
        some = draw(st.lists(st.sampled_from(images), min_size=1, max_size=3))
        chosen["image"] = (*(f"{each.region}/{each.uuid}" for each in some), "bj/none")
    if texts and not draw(st.integers(0, 4)):
        chosen["name"] = (draw(st.sampled_from(texts)), "web")
    return image_query(
        **chosen,
        sort=draw(st.sampled_from(SORT_NAMES)),
        page=draw(st.integers(1, 4) | st.just(10**9)),
        size=draw(st.sampled_from([1, 2, 3, 50])),
    )


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_a_query_finds_what_a_plain_loop_would(data: st.DataObject) -> None:
    images = data.draw(inventories)
    index = index_of(images)
    for _query in range(3):
        agree(images, index, data.draw(queries(images)))


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_several_accounts_are_queried_as_one_list_of_all(data: st.DataObject) -> None:
    lists = {account: data.draw(inventories) for account in "abc"}
    # What two accounts list is a row of each.
    lists["c"] = [*lists["c"], *lists["a"][:2]]
    images = [image for of in lists.values() for image in of]
    accounts = [account for account, of in lists.items() for _image in of]
    index = gathered(lists, NAMES)
    for _query in range(3):
        agree(images, index, data.draw(queries(images)), accounts)


def many_images(number: int) -> list[Image]:
    """Enough of them, and different enough, for every way of counting, searching and ordering."""
    rnd = random.Random(7)
    return [
        image(
            region=rnd.choice(["bj", "gz"]),
            uuid=f"{rnd.getrandbits(128):032x}",
            name=f"{rnd.choice(['web', '镜像'])}-{rnd.randrange(number)}",
            status=rnd.choice(["Ready"] * 9 + ["Error", None]),
            os_family=rnd.choice(["CentOS", "Ubuntu"]),
            size=rnd.choice([None, rnd.randrange(1000)]),
            created=rnd.randrange(1, 10**6),
            tags=tuple({f"tag-{rnd.randrange(number)}", rnd.choice(["common", "even"])}),
        )
        for _ in range(number)
    ]


MANY = many_images(2500)
MANY_INDEX = index_of(MANY)
SEVERAL_INDEX = gathered({"a": MANY[:700], "b": MANY[700:710], "c": MANY[710:]}, NAMES)
OF_SEVERAL = ["a"] * 700 + ["b"] * 10 + ["c"] * (len(MANY) - 710)


@pytest.mark.parametrize(
    "query",
    [
        ImageQuery(),
        ImageQuery(q="web", sort="name", page=7),
        image_query(q="w", os=("CentOS",), page=10**9, size=25),
        ImageQuery(q="web-12", sort="-size"),
        image_query(q="像-2", status=("Ready", "Error"), sort="size"),
        ImageQuery(q="ab", sort="os"),
        ImageQuery(q="nowhere to be found"),
        image_query(tag=("even",), status=("unknown",), region=("gz",)),
        image_query(tag=(*(MANY[0].tags or ()), *(MANY[1].tags or ()), "no such"), sort="updated"),
        image_query(tag=("tag-0", "tag-1", "tag-2", "tag-3", "tag-4"), sort="-name"),
        ImageQuery(min_size=100, max_size=110, created_before=Bound(500_000), sort="-created"),
        ImageQuery(name=(MANY[5].name or "",)),
    ],
)
def test_many_images_are_queried_as_a_plain_loop_would(query: ImageQuery) -> None:
    agree(MANY, MANY_INDEX, query)
    agree(MANY, SEVERAL_INDEX, query, OF_SEVERAL)


@pytest.mark.parametrize("position", [0, 31, 32, 63, 64, 2495, 2496, 2499])
def test_one_image_is_found_among_many_wherever_it_is(position: int) -> None:
    assert list(matching(MANY_INDEX, ImageQuery(q=MANY[position].uuid[3:15]))) == [position]
    assert position in matching(MANY_INDEX, ImageQuery(q=(MANY[position].tags or ("",))[0]))


def test_all_pages_together_are_every_match_once() -> None:
    query = ImageQuery(q="1", sort="os", size=25)
    pages = run(MANY_INDEX, query).pages
    rows = [
        row
        for page in range(1, pages + 1)
        for row in run(MANY_INDEX, replace(query, page=page)).rows
    ]
    assert rows == list(matching(MANY_INDEX, query))
    assert len(rows) == len(set(rows)) == run(MANY_INDEX, query).total > 500


def test_no_images_are_one_empty_page() -> None:
    result = run(index_of([]), image_query(q="web", os=("CentOS",), page=3))
    assert (result.total, result.page, result.pages, result.first, result.last) == (0, 1, 1, 0, 0)
    assert list(result.rows) == []
    assert result.facets["os"] == (FacetValue("CentOS", 0, True),)
    assert result.facets["region"] == ()


def test_a_facet_is_counted_without_its_own_selection() -> None:
    images = [
        image(os_family="CentOS", status="Ready"),
        image(os_family="Ubuntu", status="Ready"),
        image(os_family="Ubuntu", status="Error"),
    ]
    facets = run(index_of(images), image_query(os=("CentOS",), status=("Ready",))).facets
    assert facets["os"] == (FacetValue("CentOS", 1, True), FacetValue("Ubuntu", 1, False))
    assert facets["status"] == (FacetValue("Ready", 1, True),)


def test_selected_values_come_first_then_the_largest() -> None:
    images = [image(tags=tags) for tags in [("a", "b"), ("b",), ("c",), ("c", "b"), ()]]
    facets = run(index_of(images), image_query(tag=("gone", "a"))).facets
    assert [(one.value, one.count) for one in facets["tag"]] == [
        ("a", 1),
        ("gone", 0),
        ("b", 3),
        ("c", 2),
        ("none", 1),
    ]


def test_what_is_not_known_is_a_value_and_comes_last_either_way() -> None:
    images = [image(name="a", size=1), image(name="b"), image(name="c", size=0)]
    index = index_of(images)
    assert list(matching(index, ImageQuery(sort="size"))) == [2, 0, 1]
    assert list(matching(index, ImageQuery(sort="-size"))) == [0, 2, 1]
    assert list(matching(index, image_query(os=("unknown",), tag=("none",), sort="name"))) == [
        0,
        1,
        2,
    ]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        (ImageQuery(min_size=2), {2, 3}),
        (ImageQuery(max_size=2), {0, 1, 2}),
        (ImageQuery(min_size=1, max_size=1), {1}),
        (ImageQuery(min_size=2, max_size=1), set()),
        (ImageQuery(created_after=Bound(2)), {2, 3}),
        (ImageQuery(created_before=Bound(2)), {0, 1}),
        (ImageQuery(created_after=Bound(1), created_before=Bound(2)), {1}),
        (ImageQuery(created_after=Bound(2), created_before=Bound(2)), set()),
        (ImageQuery(min_size=-(10**30), max_size=10**30), {0, 1, 2, 3}),
    ],
)
def test_sizes_include_both_ends_and_times_the_first(query: ImageQuery, found: set[int]) -> None:
    images = [image(size=number, created=number) for number in (0, 1, 2, 3, None)]
    assert set(matching(index_of(images), query)) == found


def test_a_name_that_goes_on_with_a_nul_comes_after_the_shorter_one() -> None:
    index = index_of([image(name="web\0\0a", region="bj"), image(name="web", region="gz")])
    assert list(matching(index, ImageQuery(sort="size"))) == [1, 0]


def test_versions_sort_as_numbers_within_their_system() -> None:
    systems = [("CentOS", "7.10"), ("CentOS", "7.9"), (None, "1"), ("CentOS", None), ("Arch", "x")]
    index = index_of([image(os_family=family, os_version=version) for family, version in systems])
    assert list(matching(index, ImageQuery(sort="os"))) == [4, 1, 0, 3, 2]
    assert list(matching(index, ImageQuery(sort="-os"))) == [0, 1, 3, 4, 2]


def test_a_version_longer_than_any_number_is_sorted_like_one() -> None:
    versions = ["9" * 5000, "1" + "0" * 5000, "8" * 5000, "0" * 6000 + "7"]
    index = index_of([image(os_family="CentOS", os_version=version) for version in versions])
    assert list(matching(index, ImageQuery(sort="os"))) == [3, 2, 0, 1]


@pytest.mark.parametrize("sort", SORT_NAMES)
def test_equal_images_are_in_the_same_order_either_way(sort: str) -> None:
    facts = [("b", "bj", "1"), ("A", "gz", "1"), ("a", "bj", "2"), ("a", "bj", "1")]
    index = index_of([image(name=name, region=region, uuid=uuid) for name, region, uuid in facts])
    orders = {"-name": [0, 3, 2, 1], "region": [3, 2, 0, 1], "-region": [1, 3, 2, 0]}
    assert list(matching(index, ImageQuery(sort=sort))) == orders.get(sort, [3, 2, 1, 0])


@pytest.mark.parametrize("q", ["WEB", "strasse", "京0", "cimg-1", "ABCDEF", "团队"])
def test_text_is_found_in_any_case_and_in_every_searched_field(q: str) -> None:
    images = [
        image(name="My web"),
        image(description="Hauptstraße"),
        image(name="北京02"),
        image(id="cimg-12345678"),
        image(uuid="00abcdef"),
        image(tags=("x", "云团队")),
        image(name="other", type="web strasse 京0 cimg-1 abcdef 团队"),
    ]
    assert run(index_of(images), ImageQuery(q=q)).total == 1


@pytest.mark.parametrize(
    ("q", "found"),
    [
        *[("centos", "abc"), ("CentOS 7", "ac"), ("centos７", ""), ("7 centos", "ac")],
        *[('"centos 7"', "ac"), ('"7 centos"', ""), ("centos -7", "b"), ("windows 2012", "d")],
        *[("linux", "ab"), ("-linux", "cd"), ("linux x86", "a"), ('"7.9 linux"', "")],
    ],
)
def test_words_find_the_system_with_its_version_platform_and_architecture(
    q: str, found: str
) -> None:
    images = [
        image(uuid="a", os_family="CentOS", os_version="7.9", platform="Linux", arch="x86_64"),
        image(uuid="b", os_family="CentOS", os_version="8", platform="Linux"),
        image(uuid="c", os_family="CentOS", os_version="7"),
        image(uuid="d", os_family="Windows", os_version="2012 R2", platform="Windows"),
    ]
    rows = matching(index_of(images), ImageQuery(q=q))
    assert "".join(sorted(images[row].uuid for row in rows)) == found


def test_an_excluded_value_says_how_many_it_keeps_out() -> None:
    images = [
        image(os_family="CentOS", tags=("a", "b")),
        image(os_family="CentOS", tags=("b",)),
        image(os_family="Ubuntu", tags=("a",)),
    ]
    index = index_of(images)
    facets = run(index, image_query(**{"-os": ("centos",), "-tag": ("x",)})).facets
    assert facets["os"] == (FacetValue("CentOS", 2, False, True), FacetValue("Ubuntu", 1, False))
    assert facets["tag"] == (FacetValue("x", 0, False, True), FacetValue("a", 1, False))
    facets = run(index, image_query(**{"-tag": ("a", "b")})).facets
    assert facets["tag"] == (FacetValue("a", 2, False, True), FacetValue("b", 2, False, True))
    assert facets["os"] == ()


def test_images_that_need_no_larger_disk_fit_it() -> None:
    sizes = (20 * 2**30, 40 * 2**30, 40 * 10**9, None)
    index = index_of([image(min_disk=size) for size in sizes])
    assert set(matching(index, ImageQuery(fits_disk=40 * 10**9))) == {0, 2}
    assert [(each.value, each.count) for each in run(index, ImageQuery()).facets["min_disk"]] == [
        ("20GiB", 1),
        ("40GB", 1),
        ("40GiB", 1),
        ("unknown", 1),
    ]
    assert list(matching(index, image_query(min_disk=("40GiB", "unknown")))) == [1, 3]


NAMED = {"bj": ("Beijing", "北京"), "gz": ("Guangzhou", "广州"), "x-1": ("Far away",)}


@pytest.mark.parametrize(
    ("q", "found"),
    [
        *[(q, "ab") for q in ("bj", "BJ", "ｂｊ", "beijing", "Beijing bj", "北京", "bei", "北")],
        *[("gz", "cd"), ("广州", "c"), ("x-1", "e"), ("aw", "e"), ("Far away", "e")],
        # Part of an id, and of a name's word but not its beginning, mean no region.
        *[("j", "a"), ("jing", ""), ("x-", ""), ("京", "")],
        # Each word is found, in whatever field and order.
        *[
            ("bj web", "b"),
            ("web  北京", "b"),
            ("web", "bc"),
            ("prod db", "ad"),
            ("db prod bj", "a"),
        ],
        *[("web web", "bc"), ("1 2 3 4 5 6", "e"), ("1 2 3 4 6 5", "e")],
        # A phrase stands as it is in one text, or begins a name at any word of it.
        *[('"db prod"', "d"), ('"prod db"', ""), ('"4 3"', "e"), ('"3 4"', "")],
        *[('"Far away"', "e"), ('"ar away"', ""), ("“away”", "e"), ("＂db prod＂", "d")],
        *[("-web", "ade"), ("-bj", "cde"), ("db -prod", ""), ('db -"db prod"', "a")],
        *[("－web", "ade"), ("web -web", ""), ("-广州 web", "b"), ("-", ""), ("web -", "")],
    ],
)
def test_every_word_of_a_search_is_found_or_means_the_region(q: str, found: str) -> None:
    images = [
        image(uuid="a", region="bj", name="db", tags=("prod", "ja")),
        image(uuid="b", region="bj", name="web"),
        image(uuid="c", region="gz", name="web"),
        image(uuid="d", region="sh", name="db prod", description="image.tar.gz"),
        image(uuid="e", region="x-1", name="4 3 2 1", description="5 6"),
    ]
    rows = matching(index_of(images, NAMED), ImageQuery(q=q))
    assert "".join(sorted(images[row].uuid for row in rows)) == found


def test_text_is_not_found_across_two_fields() -> None:
    assert (
        run(
            index_of([image(name="ab", description="cd", tags=("e", "f"))]), ImageQuery(q="bc")
        ).total
        == 0
    )


def test_zones_are_one_value_however_they_are_spelled() -> None:
    index = index_of([image(zones=("BJ01", "bj01")), image(zones=("bj01",))])
    result = run(index, image_query(zone=("Bj01",)))
    assert result.facets["zone"] == (FacetValue("bj01", 2, True),)


@pytest.mark.parametrize(
    ("storages", "down", "state"),
    [(None, 0, "unknown"), (0, 0, "at-risk"), (2, 0, "ok"), (2, 1, "at-risk"), (1, 1, "at-risk")],
)
def test_an_image_is_at_risk_when_a_storage_is_down_or_there_is_none(
    storages: int | None, down: int, state: str
) -> None:
    index = index_of([image(storages=storages, storages_down=down)])
    assert run(index, image_query(storage=(state,))).total == 1


def test_queries_from_many_threads_at_once_agree() -> None:
    index = index_of(MANY)
    asked = [
        ImageQuery(q=str(number % 20), sort=sort)
        for number in range(40)
        for sort in ("os", "-size")
    ]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda query: list(run(index, query).rows), asked))
    assert found == [list(run(MANY_INDEX, query).rows) for query in asked]


def test_a_warm_index_answers_the_same() -> None:
    index = index_of(MANY[:100])
    for part in index.parts:
        part.index.warm()
    agree(MANY[:100], index, ImageQuery(q="web"))


def test_the_cache_keeps_within_its_bytes_and_forgets_what_was_least_asked() -> None:
    cache = BoundedCache(10_000)
    for question in "ab":
        cache.put(question, question, 4_000)
    assert cache.get("a") == "a"
    cache.put("c", "c", 4_000)
    assert [cache.get(question) for question in "abc"] == ["a", None, "c"]
    before = cache.size
    cache.put("c", "C", 2_000)
    assert (cache.get("c"), cache.size) == ("C", before - 2_000)
    assert cache.put("large", "answered, and not kept", 100_000) == "answered, and not kept"
    assert (cache.get("large"), cache.get("a")) == (None, "a")


@pytest.mark.parametrize("question", [
    lambda number: str(number) * 1_000,
    lambda number: ("q", (frozenset({str(number) * 1_000}),)),
    lambda number: ("overview", ImageQuery(q=str(number) * 1_000)),
    lambda number: ImageQuery(name=tuple(f"{number}-{each}" for each in range(50))),
], ids=["text", "nested", "query", "names"])  # fmt: skip
def test_long_questions_take_the_room_of_answers(question: Callable[[int], Hashable]) -> None:
    cache = BoundedCache(50_000)
    for number in range(1_000, 1_100):
        cache.put(question(number), number, 0)
    kept = [number for number in range(1_000, 1_100) if cache.get(question(number))]
    assert 5 < len(kept) < 20


def test_many_short_questions_are_not_kept_for_ever() -> None:
    cache = BoundedCache(50_000)
    for number in range(10_000):
        cache.put(number, "known", 0)
    assert 10 < len([number for number in range(10_000) if cache.get(number)]) < 150
