"""The OpenAPI document: what django-ninja knows of the endpoints, and what they all share."""

from __future__ import annotations

import json
from copy import deepcopy
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from dashboard.web.problems import MEDIA_TYPE
from images.api import schemas
from images.api.routing import api

Document = dict[str, Any]

PROBLEM = {"$ref": "#/components/schemas/Problem"}
FIELDS = {
    "ETag": {"schema": {"type": "string"}},
    "RateLimit": {"schema": {"type": "string"}},
    "RateLimit-Policy": {"schema": {"type": "string"}},
}


def document() -> Document:
    """In the language of the request; not to be changed."""
    return _document(get_language())


@lru_cache
def _document(language: str | None) -> Document:
    found: Document = dict(deepcopy(api.get_openapi_schema(path_prefix=reverse("api:page"))))
    found["info"]["description"] = _(
        "The custom machine images of your cloud accounts. It only reads."
    )
    found["components"]["schemas"]["Problem"] = schemas.Problem.model_json_schema(
        ref_template="#/components/schemas/{model}"
    )
    definitions = found["components"]["schemas"]["Problem"].pop("$defs")
    found["components"]["schemas"] |= definitions
    found["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "bearerFormat": "idk_…"},
        "session": {"type": "apiKey", "in": "cookie", "name": settings.SESSION_COOKIE_NAME},
    }
    found["security"] = [{"key": []}, {"session": []}]
    for operations in found["paths"].values():
        for operation in operations.values():
            _complete(operation)
    # Translated texts become text.
    written: Document = json.loads(json.dumps(found, default=str))
    return written


def _complete(operation: Document) -> None:
    """What every endpoint answers besides its own."""
    operation["responses"][200] |= {"description": _("Done"), "headers": FIELDS}
    operation["responses"] |= {304: {"description": _("You have it already (If-None-Match)")}}
    said = {
        401: _("No API key, or one that opens nothing"),
        403: _("No token that can be read with, or the cloud does not accept it"),
        404: _("Not there, or not yours to see"),
        409: _("The image that the cursor stands on is gone"),
        422: _("A parameter cannot be followed: nothing is left out silently"),
        429: _("More requests than a minute may have; see Retry-After"),
        "default": _("The cloud was not reached and nothing of it is kept, or a fault of ours"),
    }
    takes = {each["name"] for each in operation["parameters"]}
    if "cursor" not in takes:
        del said[409]
    for status, words in said.items():
        content = {MEDIA_TYPE: {"schema": PROBLEM}}
        operation["responses"][status] = {"description": words, "content": content}
