"""A page without what differs each time it is rendered, so that two of them can be compared."""

from __future__ import annotations

import re
from typing import Any

# The tokens and ids of its forms, and the server's time.
CHANGING = r'name="(?:csrfmiddlewaretoken|once)" value="[\w-]+"|data-now="[\d.]+"'


def masked(page: Any) -> str:
    return re.sub(CHANGING, "", page.content.decode())
