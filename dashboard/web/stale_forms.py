"""What comes of a form that the CSRF check refuses.

Signing in changes what the forms of a browser are checked by, so one in a tab that was opened
before is refused. Nothing that it asks for is done, and it is no dead end: the doors lead whoever
is signed in by now to where they lead by themselves, and every other form's page is offered again.
"""

from __future__ import annotations

from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from dashboard.web.back import back
from dashboard.web.routes import is_door


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Redirect a signed-in person from a door; return a 403 that offers the page again otherwise.

    Who is not signed in is not redirected: where cookies are blocked, that would lead to the same
    form for ever, without a word.
    """
    if request.user.is_authenticated and is_door(request):
        return HttpResponseRedirect(_same_page(request))
    return render(request, "403_csrf.html", {"page": back(request)}, status=403)


def _same_page(request: HttpRequest) -> str:
    """Return the address of the page that has this form, with where it was to lead.

    That page itself decides whether this is an address of the site.
    """
    query = request.GET.copy()
    if REDIRECT_FIELD_NAME in request.POST:
        query[REDIRECT_FIELD_NAME] = request.POST[REDIRECT_FIELD_NAME]
    return request.path_info + (f"?{query.urlencode()}" if query else "")
