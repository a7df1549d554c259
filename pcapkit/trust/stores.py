"""Trust stores: Mozilla's roots of today (certifi), the ones that left it, and what the user adds. No network, ever.

A store is a snapshot and ages in both directions: its date is told, and roots that left are kept with the day until which they were trusted.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pcapkit.limits import MIB
from pcapkit.options import InputError

Source = Literal["public", "retired", "trust", "system"]

RETIRED: Final = Path(__file__).with_name("retired_roots.pem")
FILE_BYTES: Final = 16 * MIB
FILES: Final = 4096
SUFFIXES: Final = frozenset((".pem", ".crt", ".cer", ".der", ".ca-bundle"))
_PEM: Final = re.compile(
    rb"(?:# until (\d{4}-\d\d-\d\d)\r?\n)?-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END (?:TRUSTED |X509 )?CERTIFICATE-----"
)
_SYSTEM_FILES: Final = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem", "/etc/ssl/ca-bundle.pem")


class StoreError(InputError):
    """A file that was named holds no certificate, or cannot be read."""


@dataclass(frozen=True, slots=True)
class Anchor:
    """A certificate that ends a path. ``until_ns``: not trusted from then on (retired roots), None: trusted."""

    der: bytes
    source: Source
    until_ns: int | None = None


@dataclass(slots=True)
class Store:
    """Anchors, and ``described``: a line for each source, with its date. ``label`` says the same in a few words."""

    anchors: list[Anchor] = field(default_factory=list)
    described: list[str] = field(default_factory=list)
    label: str = "none loaded"

    def add(self, anchors: Iterable[Anchor], described: str) -> None:
        found = list(anchors)
        self.anchors += found
        self.described.append(f"{described} ({len(found)} {'certificate' if len(found) == 1 else 'certificates'})")


Given = tuple[str | Path, tuple[bytes, ...]]
"""A path that the user named, and the certificates (DER) in it."""


def load_store(trust: Sequence[str | Path] = (), *, public: bool = True, system: bool = False) -> Store:
    """The anchors of a run: ``--trust`` files and folders, the public roots and the retired ones, the system's store.

    Raises:
        StoreError: a path of ``trust`` cannot be read or holds no certificate.
    """
    return store_of([(path, read_certificates(path)) for path in trust], public=public, system=system)


def store_of(given: Sequence[Given], *, public: bool, system: bool) -> Store:
    """As ``load_store``, of ``--trust`` that was read before."""
    store = Store()
    for path, certificates in given:
        store.add((Anchor(der, "trust") for der in certificates), f"--trust {path}")
    if public:
        store.add((Anchor(der, "public") for der in public_roots()), f"public roots of certifi {store_date()}")
        store.add(retired_roots(), "public roots that left the store")
    if system:
        store.add((Anchor(der, "system") for der in system_roots()), "system store")
    parts = [f"certifi {store_date()}"] * public + ["--trust"] * bool(given) + ["system store"] * system
    store.label = ", ".join(parts) or store.label
    return store


@cache
def store_date() -> str:
    """Version of certifi, which is the day of its snapshot."""
    import certifi

    return certifi.__version__


@cache
def public_roots() -> tuple[bytes, ...]:
    """Mozilla's roots for servers, DER."""
    import certifi

    return tuple(der for der, _ in _pem(Path(certifi.where()).read_bytes()))


@cache
def retired_roots() -> tuple[Anchor, ...]:
    """Roots that left Mozilla's store, the latest first."""
    anchors = [Anchor(der, "retired", _midnight(until)) for der, until in _pem(RETIRED.read_bytes()) if until]
    return tuple(sorted(anchors, key=lambda a: -(a.until_ns or 0)))


def system_roots() -> tuple[bytes, ...]:
    """What the operating system trusts: the usual bundle, else what OpenSSL finds. Empty where there is none."""
    import ssl  # late: few ask for it

    for name in (ssl.get_default_verify_paths().cafile, *_SYSTEM_FILES):
        if name and Path(name).is_file():
            return tuple(der for der, _ in _pem(_read(Path(name))))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    return tuple(context.get_ca_certs(binary_form=True))


def read_certificates(path: str | Path) -> tuple[bytes, ...]:
    """Certificates (DER) of a PEM or DER file, or of all such files of a folder; each once, in order.

    Raises:
        StoreError: the path cannot be read or holds no certificate.
    """
    place = Path(path)
    try:
        files = sorted(_files_of(place))[:FILES] if place.is_dir() else [place]
        found = tuple(dict.fromkeys(der for file in files for der in certificates_in(_read(file))))
    except OSError as error:
        raise StoreError(str(path), f"cannot be read: {error.strerror or error}") from None
    if not found:
        raise StoreError(str(path), "holds no certificate; PEM or DER is expected")
    return found


def certificates_in(data: bytes) -> list[bytes]:
    """The certificates of a file's bytes: every PEM block, else the whole if it is one DER sequence."""
    if blocks := [der for der, _ in _pem(data)]:
        return blocks
    return [data] if _is_one_sequence(data) else []


def _files_of(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.is_file() and file.suffix.lower() in SUFFIXES)


def _read(file: Path) -> bytes:
    with file.open("rb") as stream:
        return stream.read(FILE_BYTES)


def _pem(data: bytes) -> Iterator[tuple[bytes, str | None]]:
    """Each PEM block as DER, with the day of an ``# until`` line right before it."""
    for until, body in _PEM.findall(data):
        try:
            der = base64.b64decode(body, validate=False)
        except binascii.Error:
            continue
        if der:
            yield _first_sequence(der), until.decode() or None


def _first_sequence(der: bytes) -> bytes:
    """The first DER value: OpenSSL's TRUSTED CERTIFICATE appends its own data to it."""
    size = _sequence_size(der)
    return der[:size] if size and size <= len(der) else der


def _is_one_sequence(data: bytes) -> bool:
    return _sequence_size(data) == len(data)


def _sequence_size(data: bytes) -> int | None:
    """Size of the DER SEQUENCE at the start (X.690, 8.1.3), header included; None if it is none."""
    if len(data) < 2 or data[0] != 0x30:
        return None
    if data[1] < 0x80:
        return 2 + data[1]
    octets = data[1] & 0x7F
    if not 1 <= octets <= 4 or len(data) < 2 + octets:
        return None
    return 2 + octets + int.from_bytes(data[2 : 2 + octets], "big")


def _midnight(day: str) -> int:
    return int(datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC).timestamp()) * 10**9
