"""PostgreSQL refuses to change or delete an audit entry, whoever asks."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

REFUSE = """
CREATE FUNCTION accounts_audit_only_grows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log only grows.';
END $$;
CREATE TRIGGER accounts_audit_only_grows
    BEFORE UPDATE OR DELETE ON accounts_auditentry
    FOR EACH ROW EXECUTE FUNCTION accounts_audit_only_grows();
"""
ALLOW = """
DROP TRIGGER accounts_audit_only_grows ON accounts_auditentry;
DROP FUNCTION accounts_audit_only_grows();
"""


def refuse(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(REFUSE)


def allow(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(ALLOW)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_teams_displays_audit")]
    operations = [migrations.RunPython(refuse, allow)]
