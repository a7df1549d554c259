"""DNS, mDNS and LLMNR messages (RFC 1035, 6762, 4795) with names and addresses replaced in place: no length, no pointer changes."""

from __future__ import annotations

from typing import Final

from pcapkit.extract.masking.masks import Masks
from pcapkit.extract.masking.text import mask_text
from pcapkit.limits import DNS_HOPS, DNS_RECORDS

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, NAPTR, DNAME, OPT, SVCB, HTTPS, NSEC = 1, 2, 5, 6, 12, 15, 16, 28, 33, 35, 39, 41, 64, 65, 47
NAMES_IN: Final = {
    NS: (0, 1),
    CNAME: (0, 1),
    PTR: (0, 1),
    DNAME: (0, 1),
    MX: (2, 1),
    SRV: (6, 1),
    SOA: (0, 2),
    NSEC: (0, 1),
    SVCB: (2, 1),
    HTTPS: (2, 1),
}
"""Type of a record → bytes before the names in its data, and how many there are."""
HINTS: Final = {4: 4, 6: 16}
"""Parameters of SVCB that hold addresses (RFC 9460, 7.3) → size of one."""
KEPT_DATA: Final = frozenset((13, 43, 46, 48, 50, 51, 52))
"""Data without names of anybody: HINFO, keys, hashes."""
CLIENT_SUBNET: Final = 8


def mask_dns(masks: Masks, data: bytes) -> bytes:
    """The message with what is personal replaced; of one that is damaged or cut, as far as it can be read, and the rest blanked."""
    walker = _Walker(masks, bytearray(data))
    if not walker.message() and not masks.learning:
        walker.data[walker.at :] = bytes(max(len(walker.data) - walker.at, 0))
    return bytes(walker.data)


class _Walker:
    """Goes through one message. Labels are replaced where they stand, once; pointers lead to what was replaced already, or is."""

    def __init__(self, masks: Masks, data: bytearray) -> None:
        self.masks = masks
        self.data = data
        self.old = bytes(data)
        self.at = 12
        self.done: set[int] = set()
        """Offsets of labels that were replaced."""

    def message(self) -> bool:
        """All of it; False where it cannot be read on."""
        if len(self.old) < 12:
            return False
        counts = [int.from_bytes(self.old[at : at + 2], "big") for at in (4, 6, 8, 10)]
        for _ in range(min(counts[0], DNS_RECORDS)):
            if not self.name(learn=True) or self.at + 4 > len(self.old):
                return False
            self.at += 4
        return all(self.record() for _ in range(min(sum(counts[1:]), DNS_RECORDS)))

    def record(self) -> bool:
        if not self.name() or self.at + 10 > len(self.old):
            return False
        kind, size = int.from_bytes(self.old[self.at : self.at + 2], "big"), int.from_bytes(self.old[self.at + 8 : self.at + 10], "big")
        start, end = self.at + 10, self.at + 10 + size
        self.at = start
        if end > len(self.old):
            return False
        self.record_data(kind, start, end)
        self.at = end
        return True

    def record_data(self, kind: int, start: int, end: int) -> None:
        if (kind, end - start) in ((A, 4), (AAAA, 16)):
            self.data[start:end] = self.masks.address(self.old[start:end])
        elif kind in NAMES_IN:
            before, count = NAMES_IN[kind]
            self.at = start + before
            for _ in range(count):
                if self.at >= end or not self.name(learn=True):
                    self.blank(start, end)
                    return
            if kind in (SVCB, HTTPS):
                self.parameters(end)
        elif kind == TXT:
            self.strings(start, end)
        elif kind == OPT:
            self.options(start, end)
        elif kind not in KEPT_DATA:
            self.blank(start, end)

    def blank(self, start: int, end: int) -> None:
        if not self.masks.learning:
            self.data[start:end] = bytes(end - start)

    def strings(self, start: int, end: int) -> None:
        """Character strings, each with its length."""
        while start < end:
            stop = min(start + 1 + self.old[start], end)
            text = self.old[start + 1 : stop].decode("latin-1")
            self.data[start + 1 : stop] = mask_text(self.masks, text).encode("latin-1")
            start = stop

    def parameters(self, end: int) -> None:
        at = self.at
        while at + 4 <= end:
            key, size = int.from_bytes(self.old[at : at + 2], "big"), int.from_bytes(self.old[at + 2 : at + 4], "big")
            width = HINTS.get(key, 0)
            at += 4
            for place in range(at, min(at + size, end) - width + 1, width) if width else ():
                self.data[place : place + width] = self.masks.address(self.old[place : place + width])
            at += size

    def options(self, start: int, end: int) -> None:
        """EDNS options: the client's subnet loses its host part, what forwarders add about a client goes (RFC 7871; local use from 65001)."""
        while start + 4 <= end:
            code, size = int.from_bytes(self.old[start : start + 2], "big"), int.from_bytes(self.old[start + 2 : start + 4], "big")
            stop = min(start + 4 + size, end)
            if code == CLIENT_SUBNET:
                self.blank(start + 4 + 4 + 3, stop)
            elif code >= 65001:
                self.blank(start + 4, stop)
            start = stop

    # ------------------------------------------------------------ names

    def name(self, learn: bool = False) -> bool:
        """Replace the labels of the name at ``at``, and go behind it. False if it cannot be read."""
        labels: list[tuple[int, str]] = []
        at, behind = self.at, -1
        for _ in range(256 + DNS_HOPS):
            if at >= len(self.old):
                return False
            size = self.old[at]
            if size >= 0xC0:
                behind = at + 2 if behind < 0 else behind
                target = (size & 0x3F) << 8 | self.old[at + 1] if at + 1 < len(self.old) else at
                if target >= at:
                    return False
                at = target
            elif size >= 0x40 or at + 1 + size > len(self.old):
                return False
            elif not size:
                self.at = at + 1 if behind < 0 else behind
                self.replace(labels, learn)
                return True
            else:
                labels.append((at + 1, self.old[at + 1 : at + 1 + size].decode("latin-1")))
                at += 1 + size
        return False

    def replace(self, labels: list[tuple[int, str]], learn: bool) -> None:
        texts = [text for _, text in labels]
        if learn:
            self.masks.learn_name(".".join(texts))
        made = self.reverse(texts) or [self.masks.label(text, ".".join(texts[at + 1 :])) for at, text in enumerate(texts)]
        for (place, old), new in zip(labels, made, strict=True):
            if place not in self.done and len(old) == len(new):
                self.done.add(place)
                self.data[place : place + len(new)] = new.encode("latin-1")

    def reverse(self, labels: list[str]) -> list[str] | None:
        """Names made of an address read backwards (RFC 1035, 3.5; RFC 3596, 2.5)."""
        tail = [label.lower() for label in labels[-2:]]
        if tail == ["in-addr", "arpa"] and len(labels) >= 6:
            octets = labels[-6:-2]
            if all(o.isascii() and o.isdigit() and int(o) < 256 for o in octets):
                made = self.masks.address(bytes(int(o) for o in reversed(octets)))
                return [*labels[:-6], *(str(o) for o in reversed(made)), *labels[-2:]]
        if tail == ["ip6", "arpa"] and len(labels) >= 34:
            nibbles = "".join(reversed(labels[-34:-2])).lower()
            if len(nibbles) == 32 and all(c in "0123456789abcdef" for c in nibbles):
                return [*labels[:-34], *reversed(self.masks.address(bytes.fromhex(nibbles)).hex()), *labels[-2:]]
        return None
