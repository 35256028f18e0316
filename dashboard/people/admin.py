from __future__ import annotations

import importlib
from typing import Any

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from dashboard.audit import trail
from dashboard.audit.models import Action, Word
from dashboard.people import endings, policy
from dashboard.people.adapters import SetPasswordForm
from dashboard.people.models import Role, Team, User

# Administrators sign in through the same throttled page as everyone.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
admin.site.has_permission = lambda request: (  # type: ignore[method-assign]
    isinstance(request.user, User) and policy.has_permission(request.user, "site.administer")
)
# People sign in with a user name, no e-mail address is stored, and Django's groups grant nothing.
admin.site.unregister(EmailAddress)
admin.site.unregister(Authenticator)
admin.site.unregister(Group)
if settings.OIDC:
    # On these pages a provider's account could be given to somebody else without an audit entry.
    importlib.import_module("allauth.socialaccount.admin")  # else they would register later
    for model in apps.get_app_config("socialaccount").get_models():
        admin.site.unregister(model)


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]
    change_password_form = SetPasswordForm
    change_user_password_template = "admin/people/user/change_password.html"  # noqa: S105

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Protect the last admin of a team from being deleted."""
        deleted, counts, needed, protected = super().get_deleted_objects(objs, request)
        people = {person.pk for person in objs}
        for team in Team.objects.filter(memberships__user__in=people).distinct():
            admins = set(team.memberships.filter(role=Role.ADMIN).values_list("user_id", flat=True))
            if admins and admins <= people:
                protected.append(_("the last admin of the team “%(team)s”") % {"team": team})
        return deleted, counts, needed, protected

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "is_active" in form.base_fields:
            form.base_fields["is_active"].help_text = _(
                "If this is cleared, the person is signed out and cannot sign in, and their "
                "open invitations, display links and API keys stop working. To choose who takes"
                " over, use “Deactivate account …”."
            )
        return form

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        action = Action.ACCOUNT_CHANGE if change else Action.ACCOUNT_MAKE
        self._note(request, action, obj, f": {', '.join(form.changed_data)}" if change else "")
        if change and {"is_active", "is_superuser"} & set(form.changed_data):
            endings.end(obj, by=policy.actor(request))

    @transaction.atomic
    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002  (so the address names it)
        form_url: str = "",
    ) -> HttpResponse:
        person = self.get_object(request, unquote(id))
        response = super().user_change_password(request, id, form_url)
        now = person and User.objects.get(pk=person.pk)
        if person and now and now.password != person.password:
            what = "" if now.has_usable_password() else Word.NO_PASSWORD
            trail.record(policy.actor(request), Action.PASSWORD_SET, subject=what, owner=now)
        return response

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        endings.delete_account(obj, by=policy.actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            self.delete_model(request, user)

    def _note(self, request: HttpRequest, action: Action, user: User, what: str = "") -> None:
        trail.record(policy.actor(request), action, subject=f"{user}{what}", owner=user)


@admin.register(Authenticator)
class AuthenticatorAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Second factors, to be removed for people who have lost theirs; secrets are not shown."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__username",)
    fields = ("user", "type", "created_at", "last_used_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        return False
