"""Bytes to typed events, one module a protocol, no I/O."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import import_module
from importlib.machinery import SourceFileLoader
from pkgutil import iter_modules

from pcapkit_dissectors._api import DatagramDissector, StreamDissector

ENTRY_POINTS = "pcapkit.dissectors"
"""Group under which other distributions offer a ``DISSECTOR`` or ``DISSECTORS`` of their own."""


@cache
def all_dissectors() -> tuple[StreamDissector | DatagramDissector, ...]:
    """Every dissector: of the modules of this package that define ``DISSECTOR`` or ``DISSECTORS``, and of other distributions."""
    found: list[StreamDissector | DatagramDissector] = []
    for name in _modules():
        module = import_module(f"{__name__}.{name}")
        found += _offered(getattr(module, "DISSECTORS", None) or getattr(module, "DISSECTOR", None))
    return (*found, *_foreign())


def _modules() -> list[str]:
    """Names of modules that define a dissector. Their compiled code says so, without running it: helpers may import costly libraries."""
    names = []
    for finder, name, _ in iter_modules(__path__):
        spec = None if name.startswith("_") else finder.find_spec(f"{__name__}.{name}", None)
        loader = spec.loader if spec else None
        if isinstance(loader, SourceFileLoader):
            code = loader.get_code(f"{__name__}.{name}")
            if code is None or not {"DISSECTOR", "DISSECTORS"}.isdisjoint(code.co_names):
                names.append(name)
        elif loader is not None:
            names.append(name)
    return sorted(names)


def _offered(given: object) -> list[StreamDissector | DatagramDissector]:
    items = given if isinstance(given, (tuple, list)) else (given,)
    return [item for item in items if isinstance(item, (StreamDissector, DatagramDissector))]


def _foreign() -> list[StreamDissector | DatagramDissector]:
    """Dissectors of other distributions."""
    found: list[StreamDissector | DatagramDissector] = []
    if not any(map(_offers, sys.path)):
        return found
    from importlib.metadata import entry_points  # takes longer to load than a small capture takes to be read

    for entry in entry_points(group=ENTRY_POINTS):
        found += _offered(entry.load())
    return found


def _offers(folder: str) -> bool:
    """A distribution that is installed in this folder names our group."""
    wanted = f"[{ENTRY_POINTS}]".encode()
    try:
        names = os.listdir(folder) if folder else []
    except OSError:
        return False
    return any(wanted in _content(folder, name) for name in names if name.endswith((".dist-info", ".egg-info")))


def _content(folder: str, name: str) -> bytes:
    try:
        with open(os.path.join(folder, name, "entry_points.txt"), "rb") as file:
            return file.read()
    except OSError:
        return b""
