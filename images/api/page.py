"""The API's own page, and its description: /api/v1/ and /api/v1/openapi.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from images.api.answering import answer, encoded
from images.api.description import Document, document

# What people ask first, and what jq makes of the answer.
EXAMPLES: dict[str, tuple[dict[str, str], str]] = {
    "list_images": ({"os": "CentOS", "q": "web"}, ".images[] | [.region, .cimgUuid, .name] | @tsv"),
    "stream_lines": ({"fields": "name"}, "[.region, .cimgUuid, .name] | @tsv"),
    "facets": ({}, '.facets.status[] | "\\(.count)\\t\\(.value)"'),
    "regions": ({}, '.regions[] | select(.state != "fresh") | {id, state, error}'),
    "show_overview": ({}, ".attention[] | {kind, count}"),
    "changes": ({"kind": "vanished"}, ".changes[] | [.at, .region, .name] | @tsv"),
    "tokens": ({"state": "refused"}, ".tokens[] | [.label, .owner, .reason] | @tsv"),
    "one_image": ({}, ".image.status"),
}


@dataclass(frozen=True)
class Answered:
    """One field of an answer."""

    name: str
    kind: str
    about: str


@dataclass(frozen=True)
class Endpoint:
    """One operation of the description, as people read it."""

    name: str
    path: str
    summary: str
    about: str
    parameters: list[dict[str, Any]]
    fields: list[Answered]
    example: str


@require_safe
def openapi(request: HttpRequest) -> HttpResponseBase:
    return answer(request, (get_language(), document()), lambda: encoded(document()))


@require_safe
def api_page(request: HttpRequest) -> HttpResponse:
    described = document()
    base = request.build_absolute_uri("/").rstrip("/")
    context = {
        "place": "api",
        "begin": f"export API_KEY=idk_…\n{_example(base + reverse('api:page') + 'images', '')}",
        "limit": settings.API_REQUESTS_PER_MINUTE,
        "endpoints": [
            _endpoint(described, base, path, operations["get"])
            for path, operations in described["paths"].items()
        ],
        "fields_of_image": _fields(described, "Image"),
        "openapi": reverse("api:openapi"),
        "responses": next(iter(described["paths"].values()))["get"]["responses"],
    }
    return render(request, "images/api.html", context)


def _endpoint(described: Document, base: str, path: str, operation: dict[str, Any]) -> Endpoint:
    parameters = [_parameter(each) for each in operation["parameters"]]
    [content] = [each["schema"] for each in operation["responses"]["200"]["content"].values()]
    return Endpoint(
        name=operation["operationId"],
        path=path,
        summary=operation["summary"],
        about=operation["description"],
        parameters=[each for each in parameters if each["in"] == "query"],
        fields=_fields(described, content["$ref"].rpartition("/")[2] if "$ref" in content else ""),
        example=_example(base + path, operation["operationId"]),
    )


def _example(address: str, name: str) -> str:
    """Return a command to be copied; the key is read from the environment."""
    query, program = EXAMPLES.get(name, ({}, ".total"))
    asked = address.replace("{", "$").replace("}", "")
    if query:
        asked += f"?{urlencode(query)}"
    if name == "stream_table":
        return f'curl -sS "{asked}" -H "Authorization: Bearer $API_KEY" -o images.csv'
    return f'curl -sS "{asked}" -H "Authorization: Bearer $API_KEY" |\n  jq -r \'{program}\''


def _parameter(described: dict[str, Any]) -> dict[str, Any]:
    schema = described["schema"]
    return described | {"values": schema.get("enum") or schema.get("items", {}).get("enum") or []}


def _fields(described: Document, name: str) -> list[Answered]:
    properties = described["components"]["schemas"].get(name, {}).get("properties", {})
    return [
        Answered(field, _kind(schema), schema.get("description", ""))
        for field, schema in properties.items()
    ]


def _kind(schema: dict[str, Any]) -> str:
    """Return the type in a word, such as "integer or null"."""
    if "anyOf" in schema:
        return " / ".join(_kind(each) for each in schema["anyOf"])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "items" in schema:
        return f"[{_kind(schema['items'])}]"
    return str(schema.get("format") or schema.get("type") or "")
