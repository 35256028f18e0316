"""How an endpoint is made known: to Django, and to the description of the API.

Authentication, methods and limits are the site's, for all that is below /api/ (dashboard.web,
dashboard.api_keys).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern
from django.urls import path as route
from django.utils.functional import Promise
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from dashboard.web import problems
from images.api.parameters import Parameters
from images.api.schemas import Answer, Stream

View = Callable[..., HttpResponseBase]


@dataclass(frozen=True)
class Endpoint:
    """GET and HEAD of a path, such as "images/<region>"; `takes` are its parameters."""

    name: str
    path: str
    answers: type[Answer] | Stream
    takes: Parameters
    summary: Promise
    about: Promise


endpoints: list[Endpoint] = []
urlpatterns: list[URLPattern] = []


def endpoint(
    path: str,
    answers: type[Answer] | Stream,
    *,
    takes: Parameters,
    summary: Promise,
    about: Promise,
) -> Callable[[View], View]:
    """Make a view known under its name; a Problem that it raises is the answer."""

    def register(view: View) -> View:
        @csrf_exempt
        @require_safe
        @wraps(view)
        def answered(request: HttpRequest, **parts: Any) -> HttpResponseBase:
            try:
                return view(request, **parts)
            except problems.Problem as problem:
                return problems.respond(problem)

        endpoints.append(Endpoint(view.__name__, path, answers, takes, summary, about))
        urlpatterns.append(route(path, answered, name=view.__name__))
        return answered

    return register
