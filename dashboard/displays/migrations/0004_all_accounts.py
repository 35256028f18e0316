import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("displays", "0003_revoked"),
        ("tokens", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="display",
            name="token",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="displays",
                to="tokens.token",
            ),
        ),
    ]
