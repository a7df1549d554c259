"""Every failure that a kernel and real software can produce, and its healthy twin."""

from scenarios import addresses, capture, certificates, crowd, discovery, exchange, hairpin, healthy, inside_tls, mobility, reach, tls
from scenarios._registry import SCENARIOS, Expect, Scenario

__all__ = [
    "SCENARIOS", "Expect", "Scenario", "addresses", "capture", "certificates", "crowd", "discovery", "exchange", "hairpin", "healthy", "inside_tls", "mobility",
    "reach", "tls",
]  # fmt: skip
