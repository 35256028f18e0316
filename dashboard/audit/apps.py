from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from dashboard.audit import triggers


class AuditConfig(AppConfig):
    name = "dashboard.audit"
    verbose_name = _("Audit log")

    def ready(self) -> None:
        post_migrate.connect(triggers.ensure, sender=self, dispatch_uid="audit_triggers")
