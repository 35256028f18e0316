"""An answer without what differs from run to run, as lines that can be compared.

HTML is a line a tag or text, attributes in order of their names, blanks around tags left out; JSON
is indented; CSV is as it came. What is random is called by its name or its place in the answer.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from functools import lru_cache

from django.http import HttpResponseBase

from tests.bench.asked import ADMINISTRATION
from tests.bench.inhabited import UUID, text_of

# Of these it matters that they are there.
OPAQUE = ("ETag", "X-Request-ID")
IGNORED = ("Content-Length", "Date", "Expires", "Last-Modified")
SUBSTITUTES = (
    (re.compile(r"(?<=\.)[0-9a-f]{12}\.(?=\w)"), ""),  # static files
    (re.compile(r'(csrfmiddlewaretoken(?:" value="|=))\w{64}'), r"\1{csrf}"),
    (re.compile(r'(name="once" value="|\?made=)[\w-]{43}'), r"\1{form}"),
    (re.compile(r'(data-now=")[\d.]+'), r"\1{now}"),
    (re.compile(r'(X-CSRFToken(?:": "|&quot;: &quot;))\w{64}'), r"\1{csrf}"),
    (re.compile(r"\bidk_[\w-]{20,}"), "{new key}"),
    (re.compile(r"\bidk_[\w-]{4}(?=…)"), "{begin of key}"),
    (re.compile(r"\b[\w/+]{6}\*{10,}"), "{hidden}"),  # hashes in the administration
    (re.compile(r"(?<=/svg\+xml;base64,)[\w+/=]+"), "{code}"),
    (re.compile(r"\b[A-Z2-7]{32}\b"), "{secret}"),
    (re.compile(r"/(display|invitations)/[\w-]{43}(?=/)"), r"/\1/{new key}"),
    (re.compile(r'("?seconds"?: )\d+\.\d+(e-\d+)?'), r"\1{n}"),
    (re.compile(r"\b\d+\.\d (s|秒)(?!\w)"), r"{n} \1"),  # what reading took
    (ADMINISTRATION, "/admin/{app}/"),
)
NUMBERED = re.compile(rf"\b(?:{UUID}|[0-9a-f]{{32}})\b")
QUOTES = "\"'"
METRIC = re.compile(r"^(\w+(?:\{.*\})?) \S+$")


class Plain:
    """What of this run is random, and what it is called; `known` are the cloud's own ids."""

    def __init__(self, names: Mapping[str, str], known: set[str]) -> None:
        self.names = dict(sorted(names.items(), key=lambda each: -len(each[0])))
        self.known = known

    def text(self, text: str) -> str:
        for random, name in self.names.items():
            text = text.replace(random, name)
        for pattern, instead in SUBSTITUTES:
            text = pattern.sub(instead, text)
        places: dict[str, str] = {}

        def numbered(found: re.Match[str]) -> str:
            if found[0] in self.known:
                return found[0]
            return places.setdefault(found[0], f"{{id {len(places) + 1}}}")

        return NUMBERED.sub(numbered, text)

    def headers(self, answer: HttpResponseBase) -> dict[str, str]:
        found = {
            name: "{present}" if name in OPAQUE else self.text(value)
            for name, value in answer.items()
            if name not in IGNORED
        }
        for name, cookie in answer.cookies.items():
            flags = {each: str(value) for each, value in cookie.items() if value != ""}
            flags.pop("expires", None)
            found[f"Set-Cookie {name}"] = json.dumps(flags | {"empty": str(not cookie.value)})
        return dict(sorted(found.items()))

    def body(self, answer: HttpResponseBase) -> list[str]:
        kind = answer.headers.get("Content-Type", "").partition(";")[0]
        text = text_of(answer)
        if kind == "text/html":
            return list(_tags(self.text(text)))
        if kind.endswith("json") and text:
            indented = json.dumps(json.loads(text), indent=1, ensure_ascii=False)
            return self.text(indented).split("\n")
        return self.text(text).splitlines()


def metrics(lines: list[str]) -> list[str]:
    """Names and labels alone."""
    return sorted({METRIC.sub(r"\1", line) for line in lines})


PIECE = re.compile(r"<[^>]*>|[^<]+")
ATTRIBUTE = re.compile(r"([^\s=/]+)(?:=(\"[^\"]*\"|'[^']*'|[^\s>]+))?")


@lru_cache(maxsize=512)
def _tags(text: str) -> tuple[str, ...]:
    return tuple(filter(None, map(_line, PIECE.findall(text))))


@lru_cache(maxsize=100_000)
def _line(piece: str) -> str:
    """A tag with its attributes in order, or what stands between tags."""
    if not piece.startswith("<") or piece.startswith(("</", "<!")):
        return _joined(html.unescape(piece))
    tag, *rest = piece[1:-1].strip("/ ").split(None, 1)
    found = sorted(ATTRIBUTE.findall(rest[0])) if rest else []
    values = (f" {name}={_joined(html.unescape(value.strip(QUOTES)))!r}" for name, value in found)
    return f"<{tag}{''.join(values)}>"


def _joined(text: str) -> str:
    return " ".join(text.split())
