"""Which layer reads what: handlers with the numbers that announce them, so that a new layer is one decorated function.

A *space* is a kind of number that names the next layer (``ethertype``, ``ip``, ``udp``, …). ``--decode SEL,PROTO`` adds entries for one run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pcapkit.columns.work import Batch, Work

Handler = Callable[["Work", "Batch"], None]
Check = Callable[["Work", "Batch"], NDArray[np.bool_]]

SPACES: Final = ("link", "ethertype", "ip", "udp", "udp_length", "ppp", "gre", "family", "llc")
"""``udp_length``: whole UDP packets of this length are worth a look on any port; ``family``: AF_… of loopback and firewall captures."""
SELECTORS: Final = {"link": "link", "ethertype": "ethertype", "ip.proto": "ip", "udp.port": "udp", "ppp.protocol": "ppp", "gre.proto": "gre"}
"""Left side of a ``--decode`` selector → space."""


ALIASES: Final = {"eth": "ethernet", "ip": "ipv4", "wlan": "802.11", "ieee80211": "802.11", "ppp_hdlc": "ppp"}
"""Names that Wireshark uses."""
LABELS: Final = {"link": "link type", "ip": "ip protocol", "family": "address family"}


@dataclass(frozen=True, slots=True)
class Layer:
    """A handler under its name. ``check`` says which rows really are this layer where only a port hints at it (True: is).

    ``tunnel``: it gets only rows that may enter one more tunnel.
    """

    name: str
    handler: Handler
    check: Check | None = None
    tunnel: bool = False


LAYERS: Final[dict[str, Layer]] = {}
NUMBERS: Final[dict[str, dict[int, str]]] = {space: {} for space in SPACES}
NAMES: Final[dict[str, dict[int, str]]] = {space: {} for space in SPACES}
"""Layers that we know by name only: what ``Table.unknown`` calls them."""


def layer(name: str, *, check: Check | None = None, tunnel: bool = False, **numbers: int | Iterable[int]) -> Callable[[Handler], Handler]:
    """Register a handler under ``name`` for numbers of spaces: ``@layer("vxlan", udp=(4789, 8472), check=looks_like_vxlan)``."""

    def register(handler: Handler) -> Handler:
        LAYERS[name] = Layer(name, handler, check, tunnel)
        for space, wanted in numbers.items():
            for number in (wanted,) if isinstance(wanted, int) else wanted:
                NUMBERS[space][number] = name
        return handler

    return register


def parse_selector(text: str) -> tuple[str, int]:
    """``udp.port==8472`` → ``("udp", 8472)``.

    Raises:
        ValueError: with what can be selected, if the text does not say that.
    """
    left, _, right = text.replace("==", "=").partition("=")
    space = SELECTORS.get(left.strip())
    try:
        number = int(right.strip(), 0)
    except ValueError:
        number = -1
    if space is None or not 0 <= number <= 0xFFFF:
        raise ValueError(f"{text!r} selects nothing; write one of {', '.join(f'{s}==N' for s in SELECTORS)}")
    return space, number


@dataclass(slots=True)
class Tables:
    """Number → layer as arrays: ``lookup[space]`` is uint8 (65536,), an index into ``layers``; 0 is "unknown"."""

    layers: list[Layer | None] = field(default_factory=lambda: [None])
    lookup: dict[str, NDArray[np.uint8]] = field(default_factory=dict)
    index: dict[str, int] = field(default_factory=dict)

    @classmethod
    def build(cls, decode_as: Mapping[str, str] | None = None) -> Tables:
        """The tables of all registered layers and of ``decode_as`` (selector → layer name).

        Raises:
            ValueError: a selector or a layer name is wrong.
        """
        tables = cls()
        for known in LAYERS.values():
            tables.index[known.name] = len(tables.layers)
            tables.layers.append(known)
        for space in SPACES:
            tables.lookup[space] = np.zeros(65_536, np.uint8)
            for number, name in NUMBERS[space].items():
                tables.lookup[space][number] = tables.index[name]
        for selector, name in (decode_as or {}).items():
            tables.force(selector, name)
        return tables

    def force(self, selector: str, name: str) -> None:
        """Let ``selector`` mean the layer ``name``, whatever its packets look like."""
        name = ALIASES.get(name, name)
        if name not in LAYERS:
            raise ValueError(f"{name!r} is no layer; there are {', '.join(sorted(LAYERS))}")
        space, number = parse_selector(selector)
        chosen = LAYERS[name]
        self.layers.append(Layer(name, chosen.handler, tunnel=chosen.tunnel))
        self.lookup[space][number] = len(self.layers) - 1


def name_of(space: str, number: int) -> str:
    """How ``Table.unknown`` names a number without a handler: ``lldp``, ``ethertype 0x1234``."""
    known = NAMES[space].get(number)
    if known:
        return known
    if space in ("ethertype", "ppp", "gre", "llc"):
        return f"{space} 0x{number:04x}"
    return f"{LABELS.get(space, space)} {number}"
