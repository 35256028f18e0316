"""What a default token meant is a saved view now, which its person begins with."""

from typing import Any

from django.db import migrations
from django.db.models import Q

LONGEST_NAME = 80


def _as_views(apps: Any, schema_editor: object) -> None:
    User = apps.get_model("people", "User")
    Token = apps.get_model("tokens", "Token")
    SavedView = apps.get_model("saved_views", "SavedView")
    for user in User.objects.exclude(default_token=None).select_related("default_token"):
        token = user.default_token
        teams = user.memberships.values("team")
        readable = Token.objects.filter(Q(owner=user) | Q(team__in=teams))
        if user.is_superuser:
            readable = Token.objects.filter(Q(owner=user) | Q(team__isnull=False))
        # Of one account all and one are the same; of an account that is not theirs nothing is.
        if readable.count() < 2 or not readable.filter(pk=token.pk).exists():
            continue
        start = user.start_view.query if user.start_view else user.list_preferences
        if any(part.startswith(("token=", "account=")) for part in start.split("&")):
            continue
        query = "&".join(filter(None, (f"account={token.pk}", start)))
        name = _free(SavedView, user, token.label)
        view = SavedView.objects.create(owner=user, name=name, query=query)
        User.objects.filter(pk=user.pk).update(start_view=view)


def _free(SavedView: Any, user: Any, label: str) -> str:
    number, free = 1, label[:LONGEST_NAME]
    while SavedView.objects.filter(owner=user, team=None, name=free).exists():
        number += 1
        free = f"{label[:70]} ({number})"
    return free


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0002_defaults"),
        ("saved_views", "0001_initial"),
        ("tokens", "0001_initial"),
    ]

    operations = [migrations.RunPython(_as_views, migrations.RunPython.noop)]
