"""A four-way handshake and frames encrypted with its keys (IEEE 802.11, 12), made independently of the reader's order of work."""

import hashlib
import hmac
import struct
import zlib

from cryptography.hazmat.decrepit.ciphers.algorithms import ARC4
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESCCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.keywrap import aes_key_wrap
from wrap import SNAP

from pcapkit.columns.tkip import tkip_key

AP, STATION = bytes.fromhex("020000000ac0"), bytes.fromhex("0200000000a1")
GROUP = bytes.fromhex("01005e0000fb")
SSID, PASSPHRASE = "example", "correct horse"
AP_NONCE, STATION_NONCE = bytes(range(32)), bytes(range(100, 132))
RSN = bytes.fromhex("30140100000fac040100000fac040100000fac020000")


def rc4(key, data):
    return Cipher(ARC4(key), mode=None).encryptor().update(data)


class Network:
    """One access point and one station. ``version``: 1 TKIP, 2 CCMP, 3 CCMP with SHA-256. ``wpa``: the old key descriptor."""

    def __init__(self, version=2, *, wpa=False, group_key=None, ap_nonce=AP_NONCE):
        self.version, self.wpa, self.ap_nonce = version, wpa, ap_nonce
        master = hashlib.pbkdf2_hmac("sha1", PASSPHRASE.encode(), SSID.encode(), 4096, 32)
        text = b"Pairwise key expansion"
        seed = min(AP, STATION) + max(AP, STATION) + min(ap_nonce, STATION_NONCE) + max(ap_nonce, STATION_NONCE)
        if version == 3:
            made = b"".join(hmac.digest(master, struct.pack("<H", n) + text + seed + struct.pack("<H", 384), "sha256") for n in (1, 2))
        else:
            made = b"".join(hmac.digest(master, text + b"\0" + seed + bytes([n]), "sha1") for n in range(4))
        self.confirm, self.encrypt, self.temporal = made[:16], made[16:32], made[32:48]
        self.group_key = group_key or (b"G" * 32 if version == 1 else b"g" * 16)

    def key_frame(self, info, nonce=bytes(32), data=b"", mic=True):
        length = len(self.group_key) if not info & 8 else 16
        body = struct.pack(">BHHQ", 254 if self.wpa else 2, info | self.version, length, 1) + nonce + b"I" * 16 + bytes(8) + bytes(8)
        frame = b"\x02\x03" + struct.pack(">H", 95 + len(data)) + body + bytes(16) + struct.pack(">H", len(data)) + data
        if not mic:
            return frame
        if self.version == 3:
            made = CMAC(AES(self.confirm))
            made.update(frame)
            code = made.finalize()
        else:
            code = hmac.digest(self.confirm, frame, "md5" if self.version == 1 else "sha1")[:16]
        return frame[:81] + code + frame[97:]

    def wrapped(self, data):
        if self.version == 1:
            return rc4(b"I" * 16 + self.encrypt, bytes(256) + data)[256:]
        if not self.wpa:
            data += b"\xdd" + bytes(-(len(data) + 1) % 8) if len(data) % 8 else b""
        return aes_key_wrap(self.encrypt, data)

    def group_data(self, number=1):
        if self.wpa:
            return self.wrapped(self.group_key)
        return self.wrapped(RSN + b"\xdd" + bytes([6 + len(self.group_key)]) + bytes.fromhex("000fac01") + bytes([number, 0]) + self.group_key)

    def messages(self):
        """The four frames of the handshake."""
        third = b"" if self.wpa else self.group_data()
        return [
            data(self.key_frame(0x0088, self.ap_nonce, mic=False), True),
            data(self.key_frame(0x0108, STATION_NONCE, RSN), False),
            data(self.key_frame(0x01C8 if self.wpa else 0x13C8, self.ap_nonce, third or RSN), True),
            data(self.key_frame(0x0108 if self.wpa else 0x0308), False),
        ]

    def group_message(self):
        """The first frame of a group key handshake, as an EAPOL frame."""
        return self.key_frame(0x0380 | 1 << 4 if self.wpa else 0x1380, bytes(32), self.group_data())

    def seal(self, frame, number, *, group=False):
        """Encrypt an 802.11 data frame in clear."""
        key = self.group_key if group else self.temporal
        ident = 1 if group else 0
        return seal_tkip(frame, key, number, ident) if (len(key) == 32 or (not group and self.version == 1)) else seal_ccmp(frame, key, number, ident)


def data(eapol, from_ap):
    return header(from_ap) + SNAP + b"\x88\x8e" + eapol


def header(from_ap, *, to=STATION, quality=None, flags=0, sequence=0x20):
    control = 0x08 if quality is None else 0x88
    one, two, three = (to, AP, AP) if from_ap else (AP, STATION, AP)
    head = bytes((control, (2 if from_ap else 1) | flags)) + b"\0\0" + one + two + three + struct.pack("<H", sequence)
    return head + (b"" if quality is None else bytes((quality, 0)))


def size_of(frame):
    return 26 if frame[0] & 0x80 else 24


def seal_ccmp(frame, key, number, ident):
    size = size_of(frame)
    head = bytearray(frame[:size])
    head[1] |= 0x40
    n = number.to_bytes(6, "big")
    priority = head[24] & 15 if size == 26 else 0
    bound = bytes((head[0] & 0x8F, head[1] & 0xC7)) + bytes(head[4:22]) + bytes((head[22] & 15, 0)) + (bytes((priority, 0)) if size == 26 else b"")
    sealed = AESCCM(key, tag_length=8).encrypt(bytes((priority,)) + bytes(head[10:16]) + n, frame[size:], bound)
    return bytes(head) + bytes((n[5], n[4], 0, 0x20 | ident << 6, n[3], n[2], n[1], n[0])) + sealed


def seal_tkip(frame, key, number, ident):
    size = size_of(frame)
    head = bytearray(frame[:size])
    head[1] |= 0x40
    n = number.to_bytes(6, "little")
    clear = frame[size:] + b"michael!"
    clear += struct.pack("<I", zlib.crc32(clear))
    return bytes(head) + bytes((n[1], (n[1] | 0x20) & 0x7F, n[0], 0x20 | ident << 6)) + n[2:] + rc4(tkip_key(key[:16], bytes(head[10:16]), n), clear)
