"""Forms that count once: sent twice at once, or again, they do one thing.

Each form of a page has an id of its own (`{% once %}`). That this id is used is written in the same
transaction as what the form does, and whoever sends it again is led to where the first one was. A
form that did nothing, because it was refused or filled in wrongly, may be sent again.

A new secret is shown on the page that the form leads to, also when that is loaded again, for
SHOWN_SECONDS. For so long it is kept, encrypted under the form's id, which only the browser has.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone

from dashboard import random_keys
from dashboard.web.models import FormUse
from dashboard.web.routes import checks_a_token

Handler = Callable[[HttpRequest], HttpResponseBase]

FIELD, SHOWN = "once", "made"
FORM_ID = re.compile(r"[\w-]{43}", re.ASCII)
SHOWN_SECONDS = 600
# Longer than anyone has a form before them that was sent already.
KEPT = timedelta(days=2)


class AlreadySent(Exception):
    """Raised where a form is sent that has done its part."""


class CountOnce:
    """Middleware, next to the views: each form that has an id does what it does once.

    What asks the cloud is no transaction: the view itself calls `note` in the one where it writes.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: list[object],
        kwargs: dict[str, object],
    ) -> HttpResponseBase | None:
        if request.method != "POST" or not _form_id(request) or checks_a_token(request):
            return None
        used = _uses(request)  # before the view signs somebody in
        try:
            with transaction.atomic():
                note(request, "")
                response = view(request, *args, **kwargs)
                target = response.headers.get("Location", "")
                used.update(location=target)
                if not target:
                    transaction.set_rollback(True)
                return response
        except AlreadySent:
            return answered(request)


def note(request: HttpRequest, location: str) -> None:
    """Write that the form was sent; raise AlreadySent if it was before.

    Another that writes the same waits until this transaction has ended.
    """
    if not _form_id(request):
        return
    try:
        with transaction.atomic():
            FormUse.objects.create(key=_key(request, _form_id(request)), location=location)
    except IntegrityError:
        raise AlreadySent from None


def answered(request: HttpRequest) -> HttpResponse | None:
    """Return the way to where the form led when it was sent before; None if it was not."""
    found = _uses(request).first()
    return HttpResponseRedirect(found.location) if found else None


def show(request: HttpRequest, address: str, secret: str) -> HttpResponse:
    """Return the way to a page that shows the secret for a while."""
    form_id = _form_id(request) or random_keys.new_key()
    target = f"{address}?{SHOWN}={form_id}"
    sealed = _cipher(form_id).encrypt(secret.encode()).decode()
    values = {"location": target, "sealed": sealed}
    FormUse.objects.update_or_create(key=_key(request, form_id), defaults=values)
    return HttpResponseRedirect(target)


def shown(request: HttpRequest) -> str:
    """Return the secret that the address shows to this person, "" if none or no longer."""
    form_id = request.GET.get(SHOWN, "")
    found = FormUse.objects.filter(key=_key(request, form_id)).first() if form_id else None
    try:
        sealed = found.sealed.encode() if found else b""
        return _cipher(form_id).decrypt(sealed, ttl=SHOWN_SECONDS).decode()
    except InvalidToken:
        return ""


def forget_secrets() -> None:
    """Forget secrets that are shown no more."""
    shown_since = timezone.now() - timedelta(seconds=SHOWN_SECONDS)
    FormUse.objects.filter(sent_at__lt=shown_since).exclude(sealed="").update(sealed="")


def over() -> QuerySet[FormUse]:
    """Return the forms that were sent long ago."""
    return FormUse.objects.filter(sent_at__lt=timezone.now() - KEPT)


def _form_id(request: HttpRequest) -> str:
    given = request.POST.get(FIELD, "")
    return given if FORM_ID.fullmatch(given) else ""


def _uses(request: HttpRequest) -> QuerySet[FormUse]:
    return FormUse.objects.filter(key=_key(request, _form_id(request)))


def _key(request: HttpRequest, form_id: str) -> str:
    """Return what a form of this person is found by, and not known by."""
    return sha256(f"form {request.user.pk} {form_id}".encode()).hexdigest()


def _cipher(form_id: str) -> Fernet:
    return Fernet(urlsafe_b64encode(sha256(f"secret of {form_id}".encode()).digest()))
