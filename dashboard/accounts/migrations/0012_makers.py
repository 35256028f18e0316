"""Who stands behind the links that there are, by the name that was noted when they were made."""

from __future__ import annotations

from typing import Any

from django.db import migrations
from django.db.models import OuterRef, Subquery


def find(apps: Any, schema_editor: Any) -> None:
    user_model = apps.get_model("accounts", "User")
    maker = Subquery(user_model.objects.filter(username=OuterRef("made_by")).values("pk")[:1])
    for name in ("Invitation", "Display"):
        apps.get_model("accounts", name).objects.update(maker=maker)
    # Whoever made these is gone. The displays are left to the admins of their teams.
    apps.get_model("accounts", "Invitation").objects.filter(maker=None).delete()


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0011_rights_end"),
    ]

    operations = [
        migrations.RunPython(find, migrations.RunPython.noop),
    ]
