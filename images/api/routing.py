"""How an endpoint is made known: to Django, and to the description of the API.

django-ninja routes and describes; authentication, methods and limits are the site's, for all that
is below /api/ (dashboard.web.middleware, dashboard.api_keys.keys, dashboard.web.limits).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import Promise
from ninja import NinjaAPI, Schema

from dashboard.web import problems
from images.api.parameters import Parameters, described

View = Callable[..., HttpResponse]

api = NinjaAPI(title="Image dashboard", version="1", urls_namespace="api", docs_url=None)
# Ours is served by `images.api.page`, with what all endpoints share.
api.openapi_url = None


def endpoint(
    path: str, answers: type[Schema], *, takes: Parameters, summary: Promise, about: Promise
) -> Callable[[View], View]:
    """GET and HEAD of a path. `takes` are its parameters."""

    def register(view: View) -> View:
        api.get(
            path,
            response=answers,
            operation_id=view.__name__,
            summary=summary,  # type: ignore[arg-type]
            description=about,  # type: ignore[arg-type]
            openapi_extra={"parameters": described(takes)},
        )(view)
        api.api_operation(["HEAD"], path, include_in_schema=False)(view)
        return view

    return register


@api.exception_handler(problems.Problem)
def _tell(request: HttpRequest, problem: problems.Problem) -> HttpResponse:
    return problems.respond(problem)


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, exception: Http404) -> HttpResponse:
    return problems.not_found(request, exception)


@api.exception_handler(Exception)
def _our_fault(request: HttpRequest, exception: Exception) -> NoReturn:
    # Django logs it, and answers as dashboard.web.problems says.
    raise exception
