"""Which phone failed at autodiscover, at which step, why, and by which packets.

``pcapkit.analyze`` and ``pcapkit.dissect`` are for programs and notebooks; importing this package alone costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pcapkit._version import __version__

if TYPE_CHECKING:
    from pcapkit.result import Event, Result, Table, analyze, dissect

__all__ = ["Event", "Result", "Table", "__version__", "analyze", "dissect"]


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """Resolve the public names when they are asked for (PEP 562)."""
        if name in __all__:
            from pcapkit import result

            return getattr(result, name)
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
