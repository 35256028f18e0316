"""The parameters of the API, as its description has them.

They are the grammar of the list, and what only the API knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from dashboard.tokens.models import State
from images.change_forms import PLACE_OF_CHANGE
from images.cloud.values import SLUG
from images.export.rows import CSV_COLUMNS
from images.fields import ACCOUNT, COLUMNS, FACETS, OF_ACCOUNTS, OLDER_ACCOUNT, SORTS
from images.fields import FIELDS as REGISTRY
from images.forms import MAX_VALUES
from images.grammar import (
    DENSITIES,
    FLAGS,
    MAX_LENGTH,
    MAX_PAGE,
    OLDER,
    SIZES,
)
from images.history.changes import KINDS
from images.insights import STORAGE_STATES
from images.os_support import SUPPORT_STATES
from images.search.query import CHOICES

Schema = dict[str, Any]
Parameters = Mapping[str, tuple[Schema, str | Promise]]

TEXT: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_LENGTH}
SEARCH = {**TEXT, "pattern": "^[^\\u0000-\\u001f\\u007f-\\u009f]*$"}
REGION = {"type": "string", "pattern": f"^{SLUG.pattern}$"}
PLACE = {"type": "string", "pattern": f"^{SLUG.pattern}/{SLUG.pattern}$"}
LAST_IMAGE = {"type": "string", "pattern": f"^{SLUG.pattern}/{SLUG.pattern}(/{SLUG.pattern})?$"}
ROW = {"type": "string", "pattern": f"^{PLACE_OF_CHANGE.pattern}$"}
SIZE = {
    "type": "string",
    "pattern": "^([0-9]{1,18}|[0-9]{1,6}(\\.[0-9]{1,6})? ?(([KMGT]i?)?B)?)$",
    "examples": ["20GiB"],
}
TIME = {
    "type": "string",
    "anyOf": [{"format": "date"}, {"format": "date-time"}],
    "examples": ["2024-01-31"],
}
# By the kind of a field; all others are texts.
VALUES: dict[str, Schema] = {
    "region": REGION,
    "flag": {"enum": list(FLAGS)},
    "state": {"enum": list(STORAGE_STATES)},
    "support": {"enum": list(SUPPORT_STATES)},
    "size": {"anyOf": [SIZE, {"const": "unknown"}]},
}


def _several(values: Schema) -> Schema:
    return {"type": "array", "items": values, "maxItems": MAX_VALUES}


VALUE_OF_FACET = _(
    "A value of this facet. Repeat it for “or”; different facets are combined with “and”. With “-” "
    "before the name (-os=CentOS) it excludes."
)
VALUE_OF_ACCOUNT = _(
    "The ID of an account's token, or its label; repeatable. All accounts that you may read if "
    "omitted."
)
OLDER_NAME = _("The older name of “{name}”.")
NO_EFFECT = _("Only affects how the list is displayed; has no effect here.")
MOMENT = _("A date or time, in UTC unless an offset is given; inclusive.")
MOMENT_BEFORE = _("A date, inclusive, or a time, exclusive; in UTC unless an offset is given.")
CURSOR = _(
    "The “next_cursor” of the previous response: continues after its last image. "
    "“page” is then ignored."
)
CURSOR_OF_CHANGES = _(
    "The “next_cursor” of the previous response: continues after its last change. "
    "“page” is then ignored."
)
CURSOR_OF_TOKENS = _(
    "The “next_cursor” of the previous response: continues after its last token. "
    "“page” is then ignored."
)

FIELDS = (
    ACCOUNT,
    *(field.cloud or field.ours for field in REGISTRY.values() if field.cloud or field.json),
)
"""The names of an image's fields that a script can ask for: those that the description has."""
ONLY_FIELDS = _(
    "The only fields of an image to include besides account, region and cimgUuid; repeat it, or "
    "separate them by commas. All of them, and whatever else the cloud sent, if omitted."
)
ONLY_COLUMNS = _(
    "The only columns to include, in this order; repeat it, or separate them by commas."
)

LISTING: Parameters = {
    "q": (
        SEARCH,
        _(
            "What is typed into the search box: words, each part of the name, description, either "
            "ID (from four letters on), a tag, OS, version, platform or architecture, or meaning "
            "the region by its ID or name, or the account by its label, team or owner; "
            'case-insensitive. “"a phrase"” is found as it is, '
            "“-word” excludes, and “os:CentOS” or “size:>20GB” are the parameters below."
        ),
    ),
    **{
        name: (
            _several(VALUES.get(FACETS[name.removeprefix("-")].kind, TEXT)),
            VALUE_OF_ACCOUNT if name.removeprefix("-") == ACCOUNT else VALUE_OF_FACET,
        )
        for name in CHOICES
    },
    **{
        older: (
            _several(VALUES.get(FACETS[name].kind, TEXT)),
            format_lazy(OLDER_NAME, name=name),
        )
        for older, name in OLDER.items()
    },
    "name": (_several(TEXT), _("The exact name; repeatable.")),
    "image": (_several(PLACE), _("One image, as region/cimgUuid; repeatable.")),
    "min_size": (SIZE, _("Bytes, or a size such as 20GiB; inclusive.")),
    "max_size": (SIZE, _("Bytes, or a size such as 20GiB; inclusive.")),
    "fits_disk": (SIZE, _("The images whose minimum disk is known and at most this size.")),
    "created_after": (TIME, MOMENT),
    "created_before": (TIME, MOMENT_BEFORE),
    "sort": (
        {"enum": [f"{sign}{name}" for name in SORTS for sign in ("", "-")]},
        _("A leading “-” reverses the order. The default is -created."),
    ),
    "page": (
        {"type": "integer", "minimum": 1, "maximum": MAX_PAGE},
        _("The page number. A page beyond the last is empty."),
    ),
    "size": (
        {"type": "integer", "enum": list(SIZES)},
        _("Images per page; 50 by default."),
    ),
    "columns": (_several({"enum": sorted(COLUMNS)}), NO_EFFECT),
    "density": ({"enum": list(DENSITIES)}, NO_EFFECT),
    "fields": (_several({"enum": list(FIELDS)}), ONLY_FIELDS),
    "cursor": (LAST_IMAGE, CURSOR),
}
NONE: Parameters = {}
ACCOUNTS: Parameters = {name: LISTING[name] for name in (*OF_ACCOUNTS, OLDER_ACCOUNT)}
ONE: Parameters = {**ACCOUNTS, "fields": LISTING["fields"]}
QUERY: Parameters = {
    name: each for name, each in LISTING.items() if name not in ("cursor", "fields")
}
LINES: Parameters = {
    name: each for name, each in LISTING.items() if name not in ("cursor", "page", "size")
}
TABLE: Parameters = {**LINES, "fields": (_several({"enum": list(CSV_COLUMNS)}), ONLY_COLUMNS)}
CHANGES: Parameters = {
    "account": LISTING["account"],
    "token": LISTING["token"],
    "kind": (_several({"enum": list(KINDS)}), _("A kind of change; repeatable.")),
    "region": (_several(REGION), _("A region; repeatable.")),
    "q": (
        SEARCH,
        _("Part of the image's current or previous name, or of either ID; case-insensitive."),
    ),
    "after": (TIME, MOMENT),
    "before": (TIME, MOMENT_BEFORE),
    "page": LISTING["page"],
    "size": (LISTING["size"][0], _("Changes per page; 50 by default.")),
    "cursor": (ROW, CURSOR_OF_CHANGES),
}
TOKENS: Parameters = {
    "q": (SEARCH, _("Words, each part of the label, last four, owner or team; case-insensitive.")),
    "state": (_several({"enum": list(State)}), _("A state; repeatable.")),
    "team": (_several(REGION), _("The address (slug) of a team; repeatable.")),
    "owner": (_several(TEXT), _("A user name, in any case; repeatable.")),
    "page": LISTING["page"],
    "size": (LISTING["size"][0], _("Tokens per page; 50 by default.")),
    "cursor": ({"type": "string", "format": "uuid"}, CURSOR_OF_TOKENS),
}


def described(parameters: Parameters) -> list[dict[str, Any]]:
    """Return them as OpenAPI has them.

    Those that exclude, such as "-os", are described with what they exclude: generated clients make
    one name of "os" and "-os".
    """
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": description,
            "schema": schema,
            **({"deprecated": True} if name in OLDER else {}),
        }
        for name, (schema, description) in parameters.items()
        if not name.startswith("-")
    ]
