"""Entries of the audit log name people by number as well, are numbered without a gap, and are
signed with a key. Those from before it are signed as they are."""

import hashlib
import hmac
import json
from datetime import UTC

from django.conf import settings
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

FIELDS = (
    *("actor", "actor_id", "action", "team_id", "team", "subject", "owner", "owner_id"),
    *("address", "result"),
)


def sign(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    # A better one comes after all migrations, see audit_triggers.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "DROP TRIGGER IF EXISTS accounts_audit_only_grows ON accounts_auditentry"
        )
    entries = apps.get_model("accounts", "AuditEntry").objects
    key, before = settings.AUDIT_KEYS.split(",")[0].strip().encode(), "0" * 64
    for number, entry in enumerate(entries.order_by("id").iterator(), start=1):
        at = entry.at.astimezone(UTC).isoformat()
        facts = [before, number, at, *(getattr(entry, name) for name in FIELDS)]
        before = hmac.digest(key, json.dumps(facts).encode(), hashlib.sha256).hex()
        entries.filter(pk=entry.pk).update(id=number, digest=before)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_names_in_any_case")]
    operations = [
        migrations.AddField("auditentry", "actor_id", models.BigIntegerField(null=True)),
        migrations.AddField("auditentry", "owner_id", models.BigIntegerField(null=True)),
        migrations.RunPython(sign, migrations.RunPython.noop),
    ]
