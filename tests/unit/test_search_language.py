"""The search box: what is typed is the same query as an address, and is written so again."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict
from hypothesis import given, settings
from hypothesis import strategies as st

from images.bounds import Bound
from images.fields import FACETS, SORTS
from images.forms import query_string, read_query, search_query
from images.qualifiers import NAMES, box_text, read_words
from images.search.language import Term, terms, written
from images.search.query import CHOICES, ImageQuery, image_query
from tests.marks import many


def address(text: str) -> str:
    """The query string of what is typed, in which all makes sense."""
    query, invalid = read_query(QueryDict(urlencode({"q": text})))
    assert invalid == ()
    return query_string(query)


# By what an address has of it, decoded.
TYPED = [
    ("web db", "q=web db"),
    ('"web db" -old -"a b"', 'q="web db" -old -"a b"'),
    ("os:CentOS", "os=CentOS"),
    ("os:CentOS os:Ubuntu web", "os=CentOS&os=Ubuntu&q=web"),
    ("-os:CentOS", "-os=CentOS"),
    ("ｏｓ：CentOS －os：Ubuntu", "os=CentOS&-os=Ubuntu"),
    ('OS:CentOS version:"2012 R2"', "os=CentOS&version=2012 R2"),
    ("tag:“云 团队”", "tag=云 团队"),
    (r'tag:"say \"hi\" \\o"', r'tag=say "hi" \o'),
    ('name:"exact name" name:other', "name=exact name&name=other"),
    ("image:bj/0a", "image=bj/0a"),
    ("size:>20GB", "min_size=20000000001"),
    ("size:>=20GB", "min_size=20GB"),
    ("size:<20GiB", "max_size=21474836479"),
    ("size:<=20GiB", "max_size=20GiB"),
    ("size:20GB..40GB", "min_size=20GB&max_size=40GB"),
    ("size:20GB.. size:..40GB", "min_size=20GB&max_size=40GB"),
    ("size:20GiB", "min_size=20GiB&max_size=20GiB"),
    ("ｓｉｚｅ：＞＝２０ＧＢ", "min_size=20GB"),
    ("min_size:20GB", "min_size=20GB"),
    ("disk:<=40GB", "fits_disk=40GB"),
    ("disk:40GB", "fits_disk=40GB"),
    ("disk:<40GiB", "fits_disk=42949672959"),
    ("fits_disk:40GB", "fits_disk=40GB"),
    ("disk:SSD -disk:HE", "medium=SSD&-medium=HE"),
    ("min_disk:40gib min_disk:unknown", "min_disk=40GiB&min_disk=unknown"),
    ("created:>2024-01", "created_after=2024-02-01"),
    ("created:>=2024-01", "created_after=2024-01-01"),
    ("created:<2024-01", "created_before=2023-12-31"),
    ("created:<=2024-01", "created_before=2024-01-31"),
    ("created:2024", "created_after=2024-01-01&created_before=2024-12-31"),
    ("created:2024-02..2024-03-05", "created_after=2024-02-01&created_before=2024-03-05"),
    ("created:>2024-01-31", "created_after=2024-02-01"),
    ("created:<2024-01-31T12:00", "created_before=2024-01-31T12:00:00Z"),
    ("created:>=2024-01-31T08:00+08:00", "created_after=2024-01-31T08:00:00+08:00"),
    ("storage:at-risk shared:YES", "shared=yes&storage=at-risk"),
    # What is no qualifier is words.
    ("http://a.b 12:30 foo:bar", "q=http://a.b 12:30 foo:bar"),
    ('"os:CentOS"', 'q="os:CentOS"'),
    ('a"b" c', 'q=a"b" c'),
    ('"web"', "q=web"),
    ('"not closed', 'q="not closed"'),
    ('"" -"" web', "q=web"),
    ("- -- ---", "q=- -- ---"),
]


@pytest.mark.parametrize(("typed", "said"), TYPED, ids=[typed for typed, _said in TYPED])
def test_what_is_typed_is_the_query_of_an_address(typed: str, said: str) -> None:
    pairs = [pair.partition("=") for pair in said.split("&")]
    assert address(typed) == urlencode([(name, value) for name, _equals, value in pairs])
    assert address(box_text(search_query(typed), {})) == address(typed)


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("os=CentOS&q=web&region=bj", "web region:bj os:CentOS"),
        ("-os=Cent OS", '-os:"Cent OS"'),
        ("min_size=20000000001", "size:>20GB"),
        ("max_size=21474836479", "size:<20GiB"),
        ("min_size=20GiB&max_size=40GiB", "size:20GiB..40GiB"),
        ("min_size=7&max_size=7", "size:7"),
        ("fits_disk=40GiB", "disk:<=40GiB"),
        ("created_after=2024-01-31&created_before=2024-01-31", "created:2024-01-31"),
        ("created_after=2024-01-31", "created:>=2024-01-31"),
        ("created_before=2024-01-31T12:00", "created:<2024-01-31T12:00:00Z"),
        ("name=a b&image=bj/0a&sort=name&page=2", 'name:"a b" image:bj/0a'),
        ("tag=%00%E2%80%8B", r'tag:"\u0000\u200b"'),
    ],
)
def test_the_box_says_all_that_the_query_chooses_images_by(asked: str, shown: str) -> None:
    query, invalid = read_query(QueryDict(asked.replace(" ", "+")))
    assert invalid == ()
    assert box_text(query, {}) == shown


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("os:", ("q", "os:")),
        ("web -os:", ("q", "-os:")),
        ("size:>", ("q", "size:>")),
        ("created:..", ("q", "created:..")),
        ("size:large", ("min_size", "large")),
        ("size:>x", ("min_size", "x")),
        ("disk:>20GB", ("fits_disk", ">20GB")),
        ("created:>yesterday", ("created_after", "yesterday")),
        ("shared:perhaps", ("shared", "perhaps")),
        ("-size:>20GB", ("-size", ">20GB")),
        ("-name:web", ("-name", "web")),
    ],
)
def test_a_qualifier_that_says_nothing_is_left_out_and_named(
    typed: str, named: tuple[str, str]
) -> None:
    query, invalid = read_query(QueryDict(urlencode({"q": f"{typed} os:CentOS"})))
    assert query.facets == (("os", ("CentOS",)),)
    assert named in [(each.parameter, each.value) for each in invalid]


def test_more_than_ten_words_are_named_and_the_first_are_searched() -> None:
    query, invalid = read_query(QueryDict(urlencode({"q": " ".join(map(str, range(11)))})))
    assert query.q == " ".join(map(str, range(10)))
    assert [str(each.why) for each in invalid] == ["more than 10 words"]


# Links of before keep what they mean: parameters as they were, and what they are called now.
OLD_LINKS = [
    ("disk=SSD", "medium=SSD"),
    ("disk=SSD&disk=HE&os=CentOS", "os=CentOS&medium=SSD&medium=HE"),
    ("disk=none&medium=SSD", "medium=none&medium=SSD"),
    ("sort=disk", "sort=min_disk"),
    ("sort=-disk", "sort=-min_disk"),
    ("columns=name&columns=disk&columns=size", "columns=name&columns=min_disk&columns=size"),
    ("q=web+db", "q=web+db"),
    ("q=cimg-0123abcd", "q=cimg-0123abcd"),
    ("min_size=20GiB&max_size=20+GB", "min_size=20GiB&max_size=20GB"),
    ("min_size=20000000000", "min_size=20GB"),
    ("created_after=2024-01-31&created_before=2024-02-01",) * 2,
    ("region=bj&status=Ready&version=7.9&zone=bj01&storage=at-risk&check=unknown",) * 2,
]


@pytest.mark.parametrize(("before", "now"), OLD_LINKS, ids=[old for old, _new in OLD_LINKS])
def test_links_of_before_keep_what_they_mean(before: str, now: str) -> None:
    query, invalid = read_query(QueryDict(before))
    assert invalid == ()
    assert query_string(query) == now
    assert read_query(QueryDict(now)) == (query, ())


# Whatever comes

HARD = [*'"\\“”-－:： \u3000\0\n\u200b<>', ".."]
letters = st.sampled_from([*HARD, *"ab7云", "os:", "size:>", "\\u0000"])
values = st.lists(letters, min_size=1, max_size=8).map("".join) | st.text(min_size=1, max_size=6)
values = values.filter(lambda text: not any("\ud800" <= each <= "\udfff" for each in text))
several = st.lists(values, max_size=2, unique=True).map(tuple)
sizes = st.none() | st.integers(0, 2**63 - 1) | st.integers(0, 99).map((10**9).__mul__)
sizes = sizes | st.integers(1, 99).map(lambda number: 10**9 * number + 1)
days = st.integers(-719_162, 2_932_896).map((86_400_000).__mul__)
moments = days | st.integers(-(10**13), 10**13)
times = st.none() | st.builds(Bound, moments, st.sampled_from([0, 480, -570]))
OF_KIND: dict[str, st.SearchStrategy[tuple[str, ...]]] = {
    "region": st.sampled_from([(), ("bj",), ("bj", "gz")]),
    "flag": st.sampled_from([(), ("yes", "unknown")]),
    "state": st.sampled_from([(), ("at-risk",)]),
    "support": st.sampled_from([(), ("ended", "unknown")]),
    "size": st.sampled_from([(), ("40GiB", "unknown"), ("7",)]),
}


@st.composite
def queries(draw: st.DrawFn) -> ImageQuery:
    """Any query at all, with values as hostile as a cloud can name things."""
    chosen: dict[str, Any] = {"q": _words(draw(st.lists(values, max_size=3)))}
    for choice in draw(st.lists(st.sampled_from(CHOICES), max_size=4, unique=True)):
        chosen[choice] = draw(OF_KIND.get(FACETS[choice.removeprefix("-")].kind, several))
    for name in ("min_size", "max_size", "fits_disk"):
        chosen[name] = draw(sizes)
    for name in ("created_after", "created_before"):
        chosen[name] = draw(times.filter(_is_written))
    return image_query(
        **chosen,
        name=draw(several),
        image=draw(st.sampled_from([(), ("bj/0a", "gz/A_0")])),
        sort=draw(st.sampled_from([*SORTS, *(f"-{name}" for name in SORTS)])),
        size=draw(st.sampled_from([25, 50])),
    )


def _words(texts: list[str]) -> str:
    shown = ["".join(filter(str.isprintable, text)) for text in texts]
    return read_words(written((Term(text) for text in shown if text), NAMES))


def _is_written(bound: Bound | None) -> bool:
    return bound is None or abs(bound.ms) < 6 * 10**13


@settings(deadline=None, max_examples=many(300, 10_000))
@given(queries())
def test_box_address_and_query_are_three_spellings_of_one_thing(query: ImageQuery) -> None:
    assert read_query(QueryDict(query_string(query))) == (query, ())
    text = box_text(query, {})
    looks = query_string(ImageQuery(sort=query.sort, size=query.size))
    assert read_query(QueryDict(urlencode({"q": text}) + f"&{looks}")) == (query, ())
    # Neither a browser's field nor an address changes any of it.
    assert text.isprintable()
    assert text == text.strip()


@settings(deadline=None, max_examples=many(300, 10_000))
@given(st.lists(letters | st.text(max_size=6), max_size=12).map("".join))
def test_whatever_is_typed_is_read_and_says_the_same_when_it_is_shown(text: str) -> None:
    params = QueryDict(mutable=True)
    params["q"] = text
    query, invalid = read_query(params)
    for each in invalid:
        assert each.value.isprintable()
        assert str(each.why)
    assert read_query(QueryDict(query_string(query))) == (query, ())
    assert search_query(box_text(query, {})) == query


@settings(deadline=None, max_examples=many(300, 10_000))
@given(st.lists(st.builds(Term, values, st.sampled_from(["", "os"]), st.booleans()), max_size=4))
def test_terms_survive_being_written(some: list[Term]) -> None:
    kept = [term for term in some if term.text.replace("\0", "")]
    assert terms(written(kept, {"os"}), {"os"}) == kept
