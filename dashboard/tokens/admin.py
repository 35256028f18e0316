from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from dashboard.people import policy
from dashboard.tokens.models import Token

TIMES = ("created_at", "changed_at", "last_ok_at", "last_failed_at", "last_used_at")


@admin.register(Token)
class TokenAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("label", "owner", "team", "last_four", "state", *TIMES)
    list_filter = ("state",)
    list_select_related = ("owner",)
    search_fields = ("label", "owner__username")
    # Named one by one, so that `sealed` is not among them.
    fields = ("label", "owner", "team", "last_four", "state", "reason", "request_id", *TIMES)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def delete_model(self, request: HttpRequest, obj: Token) -> None:
        obj.remove(by=policy.actor(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Token]) -> None:
        for token in queryset:
            self.delete_model(request, token)

    def has_change_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False
