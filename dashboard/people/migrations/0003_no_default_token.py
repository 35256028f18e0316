import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """There is no default token any more; its column stays for the release before.

    Nobody empties it for a token that is deleted, so it no longer has to be one's. A migration
    after the next release drops it.
    """

    dependencies = [
        ("people", "0002_defaults"),
        ("saved_views", "0002_default_tokens"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.AlterField(
                    model_name="user",
                    name="default_token",
                    field=models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="tokens.token",
                    ),
                )
            ],
            state_operations=[migrations.RemoveField(model_name="user", name="default_token")],
        )
    ]
