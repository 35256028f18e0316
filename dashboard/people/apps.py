from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PeopleConfig(AppConfig):
    name = "dashboard.people"
    verbose_name = _("People and teams")

    def ready(self) -> None:
        from dashboard.people import sign_in_log  # it needs the models, which are loaded now

        sign_in_log.connect()
