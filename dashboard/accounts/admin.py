from __future__ import annotations

from allauth.account.decorators import secure_admin_login
from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.http import HttpRequest

from dashboard.accounts.models import Token, User

# The same door as everyone's, with its throttle.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
# People sign in with a user name; no address is kept.
admin.site.unregister(EmailAddress)
admin.site.register(User, UserAdmin)

TIMES = ("created_at", "changed_at", "last_ok_at", "last_failed_at", "last_used_at")


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("label", "owner", "last_four", "state", *TIMES)
    list_filter = ("state",)
    list_select_related = ("owner",)
    search_fields = ("label", "owner__username")
    # Named one by one, so that `sealed` is not among them.
    fields = ("label", "owner", "last_four", "state", "reason", "request_id", *TIMES)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False
