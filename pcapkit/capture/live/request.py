"""What is to be captured, and why it cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["usage", "disk", "interface", "privilege", "tool"]

RECEIVED: Final = ("erspan", "tzsp", "peekremote")
"""Mirrors that send packets to this machine in datagrams."""
DEFAULT_PORTS: Final = {"erspan": 0, "tzsp": 37_008, "peekremote": 5_000}


class CaptureError(Exception):
    """It cannot be captured. ``kind`` tells what is missing, the message what to do."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind: Kind = kind


@dataclass(frozen=True, slots=True)
class Request:
    """``interface``: its name, or ``erspan:ADDR``, ``tzsp:[ADDR:]PORT``, ``peekremote:[ADDR:]PORT``; the address is one of ours, empty: any.

    ``write``: file that keeps the packets; ``ring``: (files, megabytes of each), with ``write`` as the beginning of their names.
    ``outputs``: other files that this process will write: as root, it then stays root, without any capability.
    """

    interface: str
    write: str | None = None
    ring: tuple[int, int] | None = None
    bpf: str | None = None
    snaplen: int | None = None
    packets: int | None = None
    seconds: float | None = None
    monitor: bool = False
    channel: int | None = None
    outputs: bool = False

    @property
    def received(self) -> tuple[str, str, int] | None:
        """Protocol, address and port of a mirror that sends to us, None for interfaces.

        Raises:
            CaptureError: the address or port cannot be read.
        """
        protocol, colon, rest = self.interface.partition(":")
        if not colon or protocol not in RECEIVED:
            return None
        address, port = (rest, 0) if protocol == "erspan" else _address_and_port(self.interface, rest, DEFAULT_PORTS[protocol])
        if address:
            from ipaddress import AddressValueError, IPv4Address

            try:
                IPv4Address(address)
            except AddressValueError:
                raise CaptureError("usage", f"-i {self.interface}: {address} is no IPv4 address of this machine") from None
        return protocol, address, port


def _address_and_port(interface: str, text: str, default: int) -> tuple[str, int]:
    address, _, port = text.rpartition(":")
    if not port:
        return address, default
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        raise CaptureError("usage", f"-i {interface}: {port} is no UDP port")
    return address, int(port)
