"""The OpenAPI document: the endpoints, what they answer with, and what they all share."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import msgspec
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from dashboard.web.problems import MEDIA_TYPE
from images.api import schemas
from images.api.parameters import described
from images.api.routing import Endpoint, endpoints

Document = dict[str, Any]

PROBLEM = {"$ref": "#/components/schemas/Problem"}
FIELDS = {
    "ETag": {"schema": {"type": "string"}},
    "RateLimit": {"schema": {"type": "string"}},
    "RateLimit-Policy": {"schema": {"type": "string"}},
}


def document() -> Document:
    """Return the description in the language of the request; it is not to be changed."""
    return _document(translation.get_language())


@lru_cache
def _document(language: str | None) -> Document:
    described = (each.answers for each in endpoints)
    answers = [schemas.Problem, *(each for each in described if isinstance(each, type))]
    _references, components = msgspec.json.schema_components(
        answers, ref_template=schemas.COMPONENT
    )
    components["Image"] = schemas.image_schema()
    for name, text in schemas.ABOUT.items():
        components[name]["description"] = text
    base = reverse("api:page")
    found = {
        "openapi": "3.1.0",
        "info": {
            "title": "Image dashboard",
            "version": "1",
            "description": _("The custom machine images of your cloud accounts. Read-only."),
            "contact": {"name": _("The people who run this dashboard")},
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "paths": {
            base + re.sub(r"<(\w+)>", r"{\1}", each.path): {"get": _operation(each)}
            for each in endpoints
        },
        "components": {
            "schemas": _translated(components),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "bearerFormat": "idk_…"},
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": settings.SESSION_COOKIE_NAME,
                },
            },
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": name, "description": each.summary}
            for name, each in {_tag(each): each for each in reversed(endpoints)}.items()
        ],
        "security": [{"key": []}, {"session": []}],
    }
    # Translated texts become text.
    written: Document = msgspec.json.decode(msgspec.json.encode(found, enc_hook=str))
    return written


def _translated(schema: Any) -> Any:
    """Return a schema with its titles and descriptions, which are message ids, translated."""
    if isinstance(schema, list):
        return [_translated(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: translation.gettext(value)
        if name in ("title", "description") and isinstance(value, str)
        else _translated(value)
        for name, value in schema.items()
    }


def _tag(endpoint: Endpoint) -> str:
    """Return what an endpoint is about: "images" of /images.csv and /images/<region>/<uuid>."""
    return re.split(r"[./]", endpoint.path)[0]


def _operation(endpoint: Endpoint) -> Document:
    parts = re.findall(r"<(\w+)>", endpoint.path)
    return {
        "operationId": endpoint.name,
        "tags": [_tag(endpoint)],
        "summary": endpoint.summary,
        "description": endpoint.about,
        "parameters": [
            *(
                {"in": "path", "name": part, "schema": {"type": "string"}, "required": True}
                for part in parts
            ),
            *described(endpoint.takes),
        ],
        "responses": {
            "200": {
                "description": _("OK"),
                "content": _content(endpoint.answers),
                "headers": FIELDS,
            },
            "304": {"description": _("Not modified (If-None-Match)")},
            **_problems(endpoint),
        },
    }


def _content(answers: type[schemas.Answer] | schemas.Stream) -> Document:
    if isinstance(answers, schemas.Stream):
        return {answers.media_type.partition(";")[0]: {"schema": {"type": "string"}}}
    reference = {"$ref": schemas.COMPONENT.format(name=answers.__name__)}
    return {"application/json": {"schema": reference}}


def _problems(endpoint: Endpoint) -> Document:
    """Return what every endpoint answers besides its own."""
    said = {
        "401": _("The API key is missing or not valid"),
        "403": _("No usable token, or the cloud does not accept it"),
        "404": _("Not found, or not visible to you"),
        "409": _("The image or token the cursor points to is gone"),
        "422": _("A parameter is not valid: nothing is ignored silently"),
        "429": _("Too many requests in a minute; see Retry-After"),
        "default": _(
            "The cloud could not be reached and nothing is cached, or the dashboard failed"
        ),
    }
    if "cursor" not in endpoint.takes:
        del said["409"]
    content = {MEDIA_TYPE: {"schema": PROBLEM}}
    return {status: {"description": words, "content": content} for status, words in said.items()}
