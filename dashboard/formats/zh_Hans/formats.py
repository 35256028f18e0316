"""Numbers in Chinese are grouped by thousands here, as the cloud's console writes them."""

THOUSAND_SEPARATOR = ","
NUMBER_GROUPING = 3
