"""People are told apart, and found, by their names in any case."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from typing import Any

from django.core.management.base import CommandError
from django.db import migrations, models


def fold(apps: Any, schema_editor: Any) -> None:
    user_model = apps.get_model("accounts", "User")
    people = defaultdict(list)
    for user in user_model.objects.order_by("id").only("id", "username"):
        name = unicodedata.normalize("NFKC", user.username).casefold()
        people[unicodedata.normalize("NFKC", name)].append(user)
    shared = [", ".join(f"{each.username} (id {each.id})" for each in same)
              for same in people.values() if len(same) > 1]
    if shared:
        raise CommandError(
            "These user names differ in case alone, and have to be told apart from now on: "
            f"{'; '.join(shared)}. Rename or delete all but one of each in /admin/ of the release "
            "before, then repeat this. This step changed nothing."
        )
    for name, [user] in people.items():
        user_model.objects.filter(pk=user.pk).update(folded_name=name)


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0007_api_keys"),
    ]

    operations = [
        migrations.AlterModelManagers(name="user", managers=[]),
        migrations.AddField(
            model_name="user",
            name="folded_name",
            field=models.CharField(editable=False, max_length=450, null=True, unique=True),
        ),
        migrations.RunPython(fold, migrations.RunPython.noop),
    ]
