"""A stand-in for the vendor's cloud API, for the demo, development and tests.

A small real HTTP server with the documented endpoints over an invented, seeded inventory, and
faults: every way a cloud can misbehave. It imports nothing of the product. Regions `gz` and `bj`
are the vendor's; `sh` is invented.
"""

from images.sandbox.cloud import Call
from images.sandbox.faults import KINDS, Fault
from images.sandbox.messages import ERRORS
from images.sandbox.server import Sandbox

__all__ = ["ERRORS", "KINDS", "Call", "Fault", "Sandbox"]
