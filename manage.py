#!/usr/bin/env python
"""Django's commands, and ours."""

import os
import sys

# What reads lists for `refresh` imports this file too, each time: nothing is to be imported there.
if __name__ == "__main__":
    from django.core.management import execute_from_command_line

    from dashboard.observing import telemetry

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")
    telemetry.report_errors()
    execute_from_command_line(sys.argv)
