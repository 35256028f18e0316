from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DisplaysConfig(AppConfig):
    name = "dashboard.displays"
    verbose_name = _("Display links")
