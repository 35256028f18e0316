"""Table rows: one small function a column.

Functions and not a template, because every view that nobody has asked for yet pays for its rows:
fifty of them took a template 17 ms, and take these less than one. Every value of the cloud's goes
through `escape`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from html import escape  # Django's own takes three times as long, for lazy texts there are none of
from itertools import chain, islice

from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from images.cloud.records import Image, Job
from images.insights import status_kind
from images.search.index import Index
from images.services.progress import Progress
from images.templatetags.inventory import (
    moment,
    name_of,
    outlook,
    percent,
    plain_name,
    region_name,
    size,
    unknown,
    yes_no,
)
from images.verdict import verdict
from images.views.image.verdicts import mark_of, why_not

Names = Mapping[str, str]
Cell = Callable[[Image, Names], str]


SHOWN_TAGS = 20  # in one cell; the panel has all of them


def _tag(text: str, title: str = "") -> str:
    hover = f' title="{escape(title)}"' if title else ""
    return f'<span class="tag"{hover}><bdi>{escape(text)}</bdi></span>'


def _tags(texts: Collection[str] | None) -> str:
    if texts is None:
        return unknown(None)
    shown = "".join(map(_tag, islice(texts, SHOWN_TAGS)))
    more = len(texts) - SHOWN_TAGS
    if more > 0:
        shown += f' <span class="faint">+{more}</span>'
    return shown or f'<span class="faint">{escape(_("none"))}</span>'


def _code(text: str | None) -> str:
    return f"<code>{escape(text)}</code>" if text else unknown(text)


def _text(text: str | None) -> str:
    return f"<bdi>{escape(text)}</bdi>" if text else unknown(text)


def _os(image: Image, names: Names) -> str:
    written = f"{image.os_family or ''} {image.os_version or ''}".strip()
    return _text(written)


def _regions(image: Image, names: Names) -> str:
    if not image.regions:
        return _tags(image.regions)
    return "".join(_tag(region_name(region, names), region) for region in image.regions)


def _storages(image: Image, names: Names) -> str:
    if image.storages is None:
        return unknown(None)
    if image.storages_down:
        counts = {"down": image.storages_down, "all": image.storages}
        shown, why = _("%(down)s of %(all)s down") % counts, _("not enabled and connected")
    elif image.storages == 0:
        shown, why = "0", _("no storage holds this image")
    elif image.storages_unknown:
        counts = {"unknown": image.storages_unknown, "all": image.storages}
        return escape(_("%(unknown)s of %(all)s not known") % counts)
    else:
        return str(image.storages)
    return f'<span class="at-risk" title="{escape(why)}">{escape(shown)}</span>'


def _shared(image: Image, names: Names) -> str:
    if image.shared:
        return _tag(_("shared"))
    return (
        unknown(None) if image.shared is None else f'<span class="faint">{escape(_("no"))}</span>'
    )


def status(image: Image) -> SafeString:
    """The status, marked as its verdict is, which says why on hover."""
    if not image.status:
        return unknown(image.status)
    why = why_not(image)
    hover = f' title="{escape(why)}"' if why else ""
    kind = mark_of(image)
    shown = f'<span class="status status-{kind}"{hover}>{escape(image.status)}</span>'
    return mark_safe(shown)  # noqa: S308


def status_of(value: str) -> SafeString:
    """A status by itself, of many images or of one that was."""
    shown = f'<span class="status status-{status_kind(value)}">{escape(value)}</span>'
    return mark_safe(shown)  # noqa: S308


def _status_and_job(image: Image, names: Names) -> str:
    if image.job is None or image.job.state == "done":
        return status(image)
    return f"{status(image)} {_job(image, image.job)}"


def job_now(image: Image, progress: Progress) -> SafeString:
    """What takes the place of a row's job: how far it is by now, and what to expect of it."""
    swapped = _job(image, progress.job, outlook(progress), ' hx-swap-oob="true"')
    return mark_safe(swapped)  # noqa: S308


def _job(image: Image, job: Job, expect: str = "", swap: str = "") -> str:
    words = {"failed": _("failed"), "done": _("done"), "running": percent(job.progress)}
    bar = ""
    if job.state == "running" and job.progress is not None:
        bar = f'<progress max="100" value="{job.progress:.1f}" aria-hidden="true"></progress> '
    return (
        f'<span class="job job-{job.state}" id="job-{image.region}-{image.uuid}"{swap}>'
        f"{escape(job.type or '')} {escape(words[job.state])}"
        f' <span class="job-way">{bar}{escape(expect)}</span></span>'
    )


CELLS: dict[str, Cell] = {
    "id": lambda image, names: _code(image.id),
    "status": _status_and_job,
    "os": _os,
    "platform": lambda image, names: _text(image.platform),
    "size": lambda image, names: size(image.size),
    "disk": lambda image, names: size(image.min_disk),
    "regions": _regions,
    "storages": _storages,
    "shared": _shared,
    "created": lambda image, names: moment(image.created),
    "updated": lambda image, names: moment(image.updated),
    "region": lambda image, names: escape(names.get(image.region, image.region)),
    "arch": lambda image, names: _text(image.arch),
    "type": lambda image, names: _text(image.type),
    "check": lambda image, names: _text(image.check_state),
    "zones": lambda image, names: _tags(image.zones),
    "scenes": lambda image, names: _tags(image.scenes),
    "tags": lambda image, names: _tags(image.tags),
    "external": lambda image, names: yes_no(image.external),
    "description": lambda image, names: f"<bdi>{escape(image.description or '')}</bdi>",
    "uuid": lambda image, names: _code(image.uuid),
}
NUMERIC = frozenset({"size", "disk", "storages", "created", "updated"})


# Stands in a kept row for the query string of the page it is on. Nothing the cloud sends can look
# like it: there `<` is escaped.
QUERY_MARK = "<query>"


def markup(
    index: Index, positions: Iterable[int], columns: tuple[str, ...], names: Names, suffix: str
) -> bytes:
    """The `<tr>` elements of these images; `suffix` is the query string that their links carry
    along. A row is made once for an image as it is, a language and columns, while there is room."""
    kept, path = index.image_cache, reverse("images:list")
    # One text, because a text is hashed once and a tuple each time.
    variant = "\0".join((get_language() or "", *columns, *chain(*names.items())))
    parts = []
    for position in positions:
        image = index.images[position]
        question = (image.region, image.raw, variant)
        row: bytes | None = kept.get(question)
        if row is None:
            row = _row(image, columns, names, path).encode()
            kept.put(question, row, len(row))
        parts.append(row)
    return b"".join(parts).replace(QUERY_MARK.encode(), escape(suffix).encode())


def start_of(image: Image) -> str:
    """How the row of an image begins."""
    return f'<tr data-image="{image.uuid}" data-region="{image.region}"'


def _row(image: Image, columns: tuple[str, ...], names: Names, path: str) -> str:
    parts = [f'{start_of(image)} data-verdict="{verdict(image).grade}">', _pick(image)]
    for name in columns:
        if name == "name":
            parts.append(_heading(image, path))
        else:
            css = f"c-{name} numeric" if name in NUMERIC else f"c-{name}"
            parts.append(f'<td class="{css}">{CELLS[name](image, names)}</td>')
    parts.append("</tr>\n")
    return "".join(parts)


def _pick(image: Image) -> str:
    """The box that picks the image, of the form below the table."""
    label = escape(_("Select %(image)s") % {"image": plain_name(image)})
    return (
        '<td class="c-pick"><input type="checkbox" form="selection" name="image"'
        f' value="{image.region}/{image.uuid}" aria-label="{label}"></td>'
    )


def _heading(image: Image, path: str) -> str:
    address = f"{path}{image.region}/{image.uuid}/{QUERY_MARK}"
    return (
        f'<th scope="row" class="c-name"><a href="{address}" hx-get="{address}"'
        f' hx-target="#detail" hx-swap="innerHTML">{name_of(image)}</a></th>'
    )
