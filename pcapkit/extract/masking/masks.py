"""Stand-ins of the same length for what is personal, numbered as in redacted reports, so that a report and a cut tell the same story.

First everything is looked at once (``learning``): nothing is replaced, and what there is, is remembered. Then stand-ins are given out, none of which
is the name or address of anybody in the capture. Networks, vendors, domains and what diagnosis needs stay as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import chain
from math import prod
from typing import Final

from pcapkit.report.known import is_known_address, is_known_name
from pcapkit.report.redact import KEPT_LABELS, Redactor

LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"
PREFIXES: Final = {
    "host": ("host", "node", "unit"),
    "device": ("device", "gadget"),
    "user": ("user", "person"),
    "secret": ("secret",),
    "text": ("text",),
}
TRIES: Final = 100_000
SOLICITED: Final = bytes.fromhex("ff0200000000000000000001ff")
"""Solicited-node multicast: the rest are the last 24 bits of the address asked for (RFC 4291, 2.7.1)."""
TEREDO: Final = bytes.fromhex("20010000")
SIX_TO_FOUR: Final = b"\x20\x02"
NAT64: Final = bytes.fromhex("0064ff9b") + bytes(8)


class Masks:
    """Gives out stand-ins. ``key``: stand-in → what it stands for, secrets left out."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self.learning = True
        self.key: dict[str, str] = {}
        self.renamed_certificates = False
        self._seen: set[bytes] = set()
        """Addresses and MACs of the capture."""
        self._given: dict[bytes, bytes] = {}
        self._taken: set[bytes] = set()
        self._words_seen: set[str] = set()
        """Labels and names of the capture, in lower case."""
        self._given_words: dict[tuple[str, str], str] = {}
        self._taken_words: set[tuple[str, str]] = set()
        self._counts: Counter[str] = Counter()
        self._tails: dict[bytes, bytes] = {}
        """Last 24 bits of IPv6 addresses → those of their stand-ins."""

    def ready(self) -> None:
        """Everything was seen: stand-ins are given out from now on."""
        self.learning = False
        for raw in sorted(a for a in self._seen if len(a) == 16):
            self._tails.setdefault(raw[13:], self.address(raw)[13:])

    def learn_name(self, name: str) -> None:
        """A DNS name: what of it stays is known from now on."""
        name = name.rstrip(".")
        if self.learning and "." in name and not name.replace(".", "").isdigit() and not is_known_name(name.lower()):
            self.redactor.learn_name(name)

    def learn_domain(self, domain: str) -> None:
        """The domain of a user: it stays."""
        if self.learning and "." in domain:
            self.redactor.learn_domain(domain)

    # ------------------------------------------------------------ addresses

    def address(self, raw: bytes) -> bytes:
        """The stand-in of an IPv4 (4 bytes) or IPv6 address (16)."""
        known = self._given.get(raw)
        if known is not None:
            return known
        if len(raw) == 16 and raw.startswith(SOLICITED):
            return raw if self.learning else raw[:13] + self._tails.get(raw[13:], b"\0\0\0")
        if _stays(raw):
            return raw
        if self.learning:
            self._seen.add(raw)
            return raw
        made = self._four(raw) if len(raw) == 4 else self._six(raw)
        self._give(raw, made)
        self._note(str(ip_address(made)), str(ip_address(raw)))
        return made

    def _give(self, raw: bytes, made: bytes) -> None:
        self._given[raw] = made
        self._taken.add(made)

    def _note(self, made: str, original: str) -> None:
        if made != original:
            self.key[made] = original

    def _four(self, raw: bytes) -> bytes:
        """Another host of the same /24, with as many digits: texts keep their length."""
        low, high = {1: (1, 9), 2: (10, 99), 3: (100, 254)}[len(str(raw[3]))]
        number = self.redactor.number_of_address(str(IPv4Address(raw)))
        first = number - (low == 1)
        hosts = (raw[:3] + bytes([low + (first + step) % (high - low + 1)]) for step in range(high - low + 1))
        return self._free(hosts, raw)

    def _six(self, raw: bytes) -> bytes:
        """Another host of the same /64, written with as many digits; IPv4 addresses inside as those have it."""
        if raw.startswith(NAT64):
            return raw[:12] + self.address(raw[12:])
        head = raw[:8]
        if raw.startswith(SIX_TO_FOUR):
            head = raw[:2] + self.address(raw[2:6]) + raw[6:8]
        if raw.startswith(TEREDO):
            client = bytes(byte ^ 0xFF for byte in self.address(bytes(byte ^ 0xFF for byte in raw[12:])))
            return raw[:4] + self.address(raw[4:8]) + raw[8:12] + client
        number = self.redactor.number_of_address(str(IPv6Address(raw)))
        return self._free((head + _host_part(raw[8:], number + step) for step in range(min(TRIES, _hosts(raw[8:])))), raw)

    def _free(self, candidates: Iterator[bytes], raw: bytes) -> bytes:
        """The first that nobody has; if all are somebody's, one that was not given out."""
        second = None
        for made in candidates:
            if made in self._taken or (len(made) != 6 and _stays(made)):
                continue
            if made not in self._seen:
                return made
            second = second or made
        return second or raw

    def mac(self, raw: bytes) -> bytes:
        """The stand-in of a MAC (6 bytes): the same vendor, or random as before."""
        if raw[:3] == b"\x33\x33\xff":
            return raw if self.learning else raw[:3] + self._tails.get(raw[3:], raw[3:])
        if raw[0] & 1 or raw == bytes(6):
            return raw
        known = self._given.get(raw)
        if known is not None:
            return known
        if self.learning:
            self._seen.add(raw)
            return raw
        number = self.redactor.number_of_mac(raw.hex(":"))
        head = b"\x02\x00\x00" if raw[0] & 2 else raw[:3]
        made = self._free((head + ((number + step) & 0xFFFFFF).to_bytes(3, "big") for step in range(TRIES)), raw)
        self._give(raw, made)
        self._note(made.hex(":"), raw.hex(":"))
        return made

    # ------------------------------------------------------------ names

    def name(self, name: str) -> str:
        """A DNS name, label by label: what stands for a label depends on what follows it, as compression needs it."""
        labels = name.split(".")
        return ".".join(self.label(label, ".".join(labels[at + 1 :]).rstrip(".")) for at, label in enumerate(labels))

    def label(self, label: str, suffix: str) -> str:
        """The stand-in of a label before ``suffix``."""
        low, suffix = label.lower(), suffix.lower()
        full = f"{low}.{suffix}" if suffix else low
        if not label or low.startswith("_") or low in KEPT_LABELS or is_known_name(full):
            return label
        if low in self.redactor.devices:
            return self.device(label)
        return self._word("host", full, label, lambda: self.redactor.number_of_host(full, suffix)) if self._is_host(full, suffix) else label

    def _is_host(self, full: str, suffix: str) -> bool:
        """It stands below a domain, and is none itself; what was called a host once stays one."""
        redactor = self.redactor
        if redactor.knows_host(full):
            return True
        if full in redactor.domains or not suffix:
            return False
        labels = suffix.split(".")
        return any(".".join(labels[at:]) in redactor.domains for at in range(len(labels)))

    def device(self, name: str) -> str:
        """The stand-in of a device's own name."""
        if self.learning:
            self.redactor.learn_device(name)
        return self._word("device", name.lower(), name, lambda: self.redactor.number_of_device(name))

    def user(self, name: str) -> str:
        """The stand-in of a user's name."""
        return self._word("user", name.lower(), name, lambda: self.redactor.number_of("user", name.lower()))

    def secret(self, value: str) -> str:
        """What stands for a password, a ticket and the like: equal ones stay equal. In no key."""
        return self._word("secret", value, value, lambda: self._count("secret"))

    def private(self, value: str) -> str:
        """What stands for any other text about somebody."""
        return self._word("text", value, value, lambda: self._count("text"))

    def _count(self, kind: str) -> int:
        self._counts[kind] += 1
        return self._counts[kind]

    def _word(self, kind: str, value: str, shown: str, number: Callable[[], int]) -> str:
        if not shown:
            return shown
        if self.learning:
            self._words_seen.add(shown.lower())
            return shown
        known = self._given_words.get((kind, value))
        if known is None:
            known = self._given_words[kind, value] = self._new_word(kind, len(shown), number())
            if kind not in ("secret", "text"):
                self._note(known + value[len(shown) :], value if kind == "host" else shown)
        return "".join(made.upper() if was.isupper() else made for made, was in zip(known, shown, strict=True))

    def _new_word(self, kind: str, size: int, number: int) -> str:
        """``host01``: the number with the kind before it, as far as there is room, and nobody's name."""
        candidates = chain((padded(prefix, number, size) for prefix in PREFIXES[kind]), (in_letters(number + step, size) for step in range(TRIES)))
        for made in candidates:
            if len(made) == size and made not in self._words_seen and (kind, made) not in self._taken_words:
                self._taken_words.add((kind, made))
                return made
        return in_letters(number, size)


def padded(prefix: str, number: int, size: int) -> str:
    """``host`` and 7 make ``host07``, ``hos7``, ``h7``, ``7``; nothing where the digits alone are too many."""
    digits = str(number)
    head = prefix[: max(size - len(digits), 0)]
    return head + digits.rjust(size - len(head), "0") if len(digits) <= size else ""


def in_letters(number: int, size: int) -> str:
    """A number in as few letters as there is room for."""
    made = ""
    for _ in range(size):
        number, digit = divmod(number, len(LETTERS))
        made = LETTERS[digit] + made
    return made


def _stays(raw: bytes) -> bool:
    """Addresses of everybody: unspecified, loopback, groups, broadcasts (of a /24), public resolvers."""
    address = ip_address(raw)
    if isinstance(address, IPv4Address) and raw[3] in (0, 255):
        return True
    return address.is_unspecified or address.is_loopback or address.is_multicast or not any(raw[8:] or raw) or is_known_address(str(address))


def _hosts(raw: bytes) -> int:
    """How many interface identifiers are written with as many digits."""
    digits = [len(f"{int.from_bytes(raw[at : at + 2], 'big'):x}") for at in range(0, 8, 2) if any(raw[at : at + 2])]
    return prod(15 * 16 ** (count - 1) for count in digits)


def _host_part(raw: bytes, number: int) -> bytes:
    """The number in the four groups of an interface identifier, each written with as many hex digits as before; groups of zero stay."""
    groups = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, 8, 2)]
    for at in (3, 2, 1, 0):
        if not groups[at]:
            continue
        low = 16 ** (len(f"{groups[at]:x}") - 1)
        number, digit = divmod(number, 15 * low)
        groups[at] = low + digit
    return b"".join(group.to_bytes(2, "big") for group in groups)
