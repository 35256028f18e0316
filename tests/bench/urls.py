from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from dashboard.urls import handler400, handler403, handler404, handler500  # noqa: F401


def floor(request: HttpRequest) -> HttpResponse:
    """A page with nothing in it, of the size asked for, behind the same middleware and sign-in."""
    return HttpResponse(b"x" * int(request.GET["bytes"]))


urlpatterns = [path("floor/", floor), path("", include("dashboard.urls"))]
