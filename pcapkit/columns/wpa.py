"""WPA and WPA2 with a pre-shared key: keys from the four-way handshake, and frames decrypted with them (TKIP, CCMP; pairwise and group).

IEEE 802.11, 12.7 (key hierarchy, EAPOL-Key) and 12.5 (TKIP, CCMP). Ciphers come from ``cryptography``, loaded when the first key is needed.
"""

from __future__ import annotations

import hashlib
import hmac
import zlib
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from pcapkit.columns.tkip import tkip_key
from pcapkit.columns.wlan_frames import VENDOR, Header, parse_elements
from pcapkit.limits import MAX_DEVICES

PASSPHRASES: Final = 64
ITERATIONS: Final = 4096
KEPT_KEYS: Final = 2
"""Pairwise keys remembered for a station: the one in use and the one before (a re-keying takes a moment)."""
KEY_FRAME: Final = 95
"""Bytes of an EAPOL-Key frame before its key data, with the 4 of EAPOL."""
MIC_AT: Final = 81
WPA_DESCRIPTOR: Final = 254
RSN_DESCRIPTOR: Final = 2
PAIRWISE: Final = 0x0008
ACK: Final = 0x0080
MIC: Final = 0x0100
GTK_ELEMENT: Final = bytes.fromhex("000fac01")
EAPOL_SNAP: Final = bytes.fromhex("aaaa03000000888e")
VECTOR: Final = 8
"""Bytes of the packet number in front of TKIP and CCMP data, and of CCMP's integrity code behind it."""


class WpaKeys:
    """Pre-shared keys that the user gave: network name and passphrase (8 to 63 characters) or the key itself (64 hex digits).

    Raises:
        ValueError: a passphrase or name that cannot be one.
    """

    def __init__(self, networks: Iterable[tuple[str, str]]) -> None:
        self._networks: list[tuple[bytes, str]] = []
        self._keys: list[bytes] | None = None
        for name, secret in networks:
            ssid = name.encode()
            if not 1 <= len(ssid) <= 32:
                raise ValueError("a network name has 1 to 32 bytes")
            if not 8 <= len(secret.encode()) <= 63 and not _is_key(secret):
                raise ValueError("a WPA passphrase has 8 to 63 characters, a key 64 hex digits")
            self._networks.append((ssid, secret))
        if len(self._networks) > PASSPHRASES:
            raise ValueError(f"more than {PASSPHRASES} WPA passphrases")

    def __repr__(self) -> str:
        return f"WpaKeys({len(self._networks)} networks)"

    def pairwise_masters(self) -> list[bytes]:
        """The PMK of each network (12.7.1.2; J.4.1: PBKDF2 over the name)."""
        if self._keys is None:
            self._keys = [
                bytes.fromhex(secret) if _is_key(secret) else hashlib.pbkdf2_hmac("sha1", secret.encode(), ssid, ITERATIONS, 32)
                for ssid, secret in self._networks
            ]
        return self._keys


def _is_key(secret: str) -> bool:
    return len(secret) == 64 and all(c in "0123456789abcdefABCDEF" for c in secret)


class Pairwise(NamedTuple):
    """The keys of one handshake (12.7.1.3). ``version``: of the key descriptor, 1 with TKIP, 2 and 3 with CCMP."""

    version: int
    confirm: bytes
    encrypt: bytes
    temporal: bytes


@dataclass(slots=True)
class _Station:
    """What is known between one access point and one station."""

    ap_nonce: bytes = b""
    second: bytes = b""
    keys: list[Pairwise] = field(default_factory=list)


class KeyFrame(NamedTuple):
    """An EAPOL-Key frame (12.7.2). ``raw`` is the EAPOL frame without what follows it."""

    version: int
    info: int
    nonce: bytes
    iv: bytes
    data: bytes
    raw: bytes

    @property
    def message(self) -> int:
        """1 to 4 of the four-way handshake, 0 for the group handshake."""
        if not self.info & PAIRWISE:
            return 0
        if self.info & ACK:
            return 3 if self.info & MIC else 1
        return 2 if self.data and self.nonce.strip(b"\0") else 4


def parse_key_frame(data: bytes) -> KeyFrame | None:
    """The EAPOL-Key frame at the start of ``data`` (from the EAPOL header on); None if it is none or cut."""
    if len(data) < KEY_FRAME + 4 or data[1] != 3 or data[4] not in (RSN_DESCRIPTOR, WPA_DESCRIPTOR):
        return None
    raw = data[: 4 + int.from_bytes(data[2:4], "big")]
    size = int.from_bytes(raw[97:99], "big")
    if len(raw) < KEY_FRAME + 4 + size:
        return None
    info = int.from_bytes(raw[5:7], "big")
    return KeyFrame(info & 7, info, raw[17:49], raw[49:65], raw[99 : 99 + size], raw)


class Keyring:
    """Keys learned from handshakes, and decryption with them. Bounded: the pair that was not heard of for longest goes first."""

    def __init__(self, keys: WpaKeys) -> None:
        self._masters = keys
        self._stations: OrderedDict[tuple[bytes, bytes], _Station] = OrderedDict()
        self._groups: OrderedDict[tuple[bytes, int], list[bytes]] = OrderedDict()
        self.handshakes = 0

    def learn(self, bssid: bytes, station: bytes, frame: KeyFrame) -> None:
        """Take what this key frame tells."""
        known = self._stations.setdefault((bssid, station), _Station())
        self._stations.move_to_end((bssid, station))
        while len(self._stations) > MAX_DEVICES:
            self._stations.popitem(last=False)
        message = frame.message
        if message == 1:
            known.ap_nonce = frame.nonce
        elif message == 2:
            known.second = frame.raw
            self._agree(known, bssid, station, frame.nonce, known.ap_nonce, frame)
        elif message == 3:
            if known.second and frame.nonce != known.ap_nonce:
                second = parse_key_frame(known.second)
                if second is not None:
                    self._agree(known, bssid, station, second.nonce, frame.nonce, frame)
            known.ap_nonce = frame.nonce
        if message in (0, 3) and frame.info & ACK:
            self._take_group_key(known, bssid, frame)

    def _agree(self, known: _Station, bssid: bytes, station: bytes, station_nonce: bytes, ap_nonce: bytes, frame: KeyFrame) -> None:
        """Find the network key whose handshake keys confirm ``frame``."""
        if not ap_nonce:
            return
        label_data = min(bssid, station) + max(bssid, station) + min(ap_nonce, station_nonce) + max(ap_nonce, station_nonce)
        for master in self._masters.pairwise_masters():
            keys = _expand(master, label_data, frame.version)
            if keys is not None and _confirms(keys, frame):
                if keys not in known.keys:
                    known.keys = [keys, *known.keys][:KEPT_KEYS]
                    self.handshakes += 1
                return

    def _take_group_key(self, known: _Station, bssid: bytes, frame: KeyFrame) -> None:
        for keys in known.keys:
            if keys.version != frame.version or not _confirms(keys, frame):
                continue
            found = _group_key(keys, frame)
            if found is not None:
                number, key = found
                ring = self._groups.setdefault((bssid, number), [])
                if key not in ring:
                    ring.insert(0, key)
                    del ring[KEPT_KEYS:]
                while len(self._groups) > MAX_DEVICES:
                    self._groups.popitem(last=False)
            return

    def decrypt(self, header: Header, body: bytes) -> bytes | None:
        """The frame's body in clear (from LLC on), None if no key fits. ``body`` starts at the packet number; a check sequence may end it."""
        number = body[3] >> 6
        group = bool(header.one[0] & 1)
        bssid = header.bssid
        if group:
            keys = self._groups.get((bssid, number), [])
            choices = [(key, len(key) == 32) for key in keys]
        else:
            known = self._stations.get((bssid, header.station))
            choices = [(keys.temporal, keys.version == 1) for keys in known.keys] if known else []
        for key, temporal in choices:
            for end in (len(body), len(body) - 4):
                clear = decrypt_tkip(key, header, body[:end]) if temporal else decrypt_ccmp(key, header, body[:end])
                if clear is not None:
                    return clear
        return None


def _expand(master: bytes, data: bytes, version: int) -> Pairwise | None:
    """PRF-384/512 of SHA-1 (12.7.1.2), of SHA-256 for descriptor version 3."""
    label = b"Pairwise key expansion"
    if version in (1, 2):
        made = b"".join(hmac.digest(master, label + b"\0" + data + bytes((n,)), "sha1") for n in range(4))
    elif version == 3:
        size = (384).to_bytes(2, "little")
        made = b"".join(hmac.digest(master, n.to_bytes(2, "little") + label + data + size, "sha256") for n in (1, 2))
    else:
        return None
    return Pairwise(version, made[:16], made[16:32], made[32:48])


def _confirms(keys: Pairwise, frame: KeyFrame) -> bool:
    """The integrity code over the frame with its field zeroed (12.7.2)."""
    text = frame.raw[:MIC_AT] + bytes(16) + frame.raw[MIC_AT + 16 :]
    if frame.version == 1:
        made = hmac.digest(keys.confirm, text, "md5")
    elif frame.version == 2:
        made = hmac.digest(keys.confirm, text, "sha1")[:16]
    else:
        made = _cmac(keys.confirm, text)
    return hmac.compare_digest(made, frame.raw[MIC_AT : MIC_AT + 16])


def _cmac(key: bytes, text: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.algorithms import AES
    from cryptography.hazmat.primitives.cmac import CMAC

    made = CMAC(AES(key))
    made.update(text)
    return made.finalize()


def _group_key(keys: Pairwise, frame: KeyFrame) -> tuple[int, bytes] | None:
    """Key number and group key out of the key data, which the key encryption key protects."""
    data = _unwrapped(keys, frame)
    if data is None:
        return None
    if frame.raw[4] == WPA_DESCRIPTOR:  # the data is the key itself, its number stands in the flags
        key = data[: int.from_bytes(frame.raw[7:9], "big")]
        return (frame.info >> 4 & 3, key) if len(key) in (16, 32) else None
    for kind, value in parse_elements(data):
        if kind == VENDOR and value[:4] == GTK_ELEMENT and len(value) - 6 in (16, 32):
            return value[4] & 3, value[6:]
    return None


def _unwrapped(keys: Pairwise, frame: KeyFrame) -> bytes | None:
    """RC4 with the first 256 bytes dropped for version 1, else AES key wrap (12.7.2)."""
    if frame.version == 1:
        return _rc4(frame.iv + keys.encrypt, bytes(256) + frame.data)[256:]
    from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap

    try:
        return aes_key_unwrap(keys.encrypt, frame.data)
    except (InvalidUnwrap, ValueError):
        return None


def _rc4(key: bytes, data: bytes) -> bytes:
    from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
    from cryptography.hazmat.primitives.ciphers import Cipher

    return Cipher(ARC4(key), mode=None).encryptor().update(data)


def decrypt_ccmp(key: bytes, header: Header, body: bytes) -> bytes | None:
    """CCMP (12.5.3): AES-CCM with 8 bytes of code over the masked header; None if the code does not fit."""
    if len(body) < 2 * VECTOR or len(key) != 16:
        return None
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESCCM

    priority = 0 if header.quality is None else header.quality & 15
    number = bytes((body[7], body[6], body[5], body[4], body[1], body[0]))
    control, flags = header.control & 0x8F, header.flags & 0xC7 | 0x40
    if header.quality is not None:
        flags &= 0x7F
    bound = bytes((control, flags)) + header.one + header.two + header.three + (header.sequence & 15).to_bytes(2, "little") + header.four
    if header.quality is not None:
        bound += bytes((priority, 0))
    try:
        return AESCCM(key, tag_length=8).decrypt(bytes((priority,)) + header.two + number, body[VECTOR:], bound)
    except InvalidTag:
        return None


def decrypt_tkip(key: bytes, header: Header, body: bytes) -> bytes | None:
    """TKIP (12.5.2): RC4 under a key mixed for each packet; the CRC behind shows whether it fits. The frame's Michael code is cut off."""
    if len(body) < VECTOR + 12 or len(key) < 16:
        return None
    counter = (body[2], body[0], body[4], body[5], body[6], body[7])
    clear = _rc4(tkip_key(key[:16], header.two, bytes(counter)), body[VECTOR:])
    if zlib.crc32(clear[:-4]) != int.from_bytes(clear[-4:], "little"):
        return None
    return clear[:-4] if header.flags & 0x04 else clear[:-12]
