"""Which texts nobody can see."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.visible import has_visible

BLANK = {
    "nothing": "",
    "spaces": "   ",
    "tab and line end": "\t\n",
    "no-break space": "\xa0",
    "ideographic blank": "\u3000",
    "other widths": "\u2003\u2009\u205f",
    "zero width": "\u200b\u200c\u200d\u2060\ufeff",
    "soft hyphen": "\xad",
    "directions": "\u202e\u2066\u200f",
    "controls": "\x00\x07\x1b",
    "combining only": "\u0301\u20dd",
    "variation selector": "\ufe0f",
    "Hangul fillers": "\u3164\u115f\u1160\uffa0",
    "braille blank": "\u2800",
    "tags": "\U000e0041\U000e007f",
    "ignored": "\u2065\ufff0\U000e0fff",
    "object replacement": "\ufffc",
    "half a pair": "\ud800",
    "line separator": "\u2028\u2029",
}


@pytest.mark.parametrize("text", BLANK.values(), ids=BLANK)
def test_what_nobody_sees(text: str) -> None:
    assert not has_visible(text)
    assert has_visible(f"{text}a")
    assert has_visible(f"镜{text}")


@pytest.mark.parametrize(
    "text", ["a", "-", ".", "镜像", "é", "e\u0301", "ㅎ", "⠁", "😀", "\ue000", "\ufffd"]
)
def test_what_one_sees(text: str) -> None:
    assert has_visible(text)


@given(st.text(st.sampled_from("".join(BLANK.values()))))
def test_blanks_together_are_blank(text: str) -> None:
    assert not has_visible(text)
