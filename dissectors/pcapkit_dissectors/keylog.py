"""Key logs in the NSS format (``SSLKEYLOGFILE``; draft-ietf-tls-keylogfile), from a file or from a pcapng decryption secrets block.

Nothing of a secret is ever printed: the object shows counts only.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from pcapkit_dissectors._limits import TLS_SECRETS, TLS_SESSIONS

_LINE: Final = 2048
_RANDOM: Final = 32

CLIENT_RANDOM: Final = "CLIENT_RANDOM"
PREMASTER: Final = "PMS_CLIENT_RANDOM"
EARLY: Final = "CLIENT_EARLY_TRAFFIC_SECRET"
HANDSHAKE_SECRETS: Final = ("CLIENT_HANDSHAKE_TRAFFIC_SECRET", "SERVER_HANDSHAKE_TRAFFIC_SECRET")
"""By direction."""
TRAFFIC_SECRETS: Final = ("CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0")
"""By direction."""

_SIZES: Final = {
    CLIENT_RANDOM: (48,),
    PREMASTER: tuple(range(1, 1025)),
    EARLY: (32, 48),
    **dict.fromkeys((*HANDSHAKE_SECRETS, *TRAFFIC_SECRETS), (32, 48)),
}
"""Lengths that a secret can have (RFC 5246, 8.1; RFC 8446, 7.1)."""


class KeyLog:
    """Secrets of any number of sessions. ``bad``: lines that are no key log lines; ``known``: secrets that are kept.

    Learns while it is used: a session that was opened once is known again when it is resumed without a line of its own.
    """

    def __init__(self) -> None:
        self.bad = 0
        self.known = 0
        self.ignored = 0
        """Lines that were understood but not kept: labels for other uses, and secrets over the limit."""
        self.premasters = False
        """Some secrets are premaster secrets, so that the handshake itself is needed to make keys of them."""
        self._by_random: dict[bytes, dict[str, bytes]] = {}
        self._by_encrypted: dict[bytes, bytes] = {}
        self._resumable: OrderedDict[bytes, bytes] = OrderedDict()

    def __repr__(self) -> str:
        return f"KeyLog({self.known} secrets, {self.bad} bad lines)"

    def __len__(self) -> int:
        return self.known

    def read(self, data: bytes) -> None:
        """Add the lines of a key log."""
        for line in data.splitlines():
            line = line.strip()
            if line and not line.startswith(b"#"):
                self._line(line)

    def _line(self, line: bytes) -> None:
        parts = line.split() if len(line) <= _LINE else []
        if len(parts) != 3 or not parts[0].isascii():
            self.bad += 1
        elif parts[0] == b"RSA":
            self._rsa(parts[1], parts[2])
        else:
            self._secret(parts[0].decode(), _unhex(parts[1]), _unhex(parts[2]))

    def _secret(self, label: str, random: bytes, secret: bytes) -> None:
        if len(random) != _RANDOM or not secret or not label.replace("_", "").isalnum() or not label.isupper():
            self.bad += 1
        elif label not in _SIZES:
            self.ignored += 1  # EXPORTER_SECRET, QUIC_…, and what is yet to come
        elif len(secret) not in _SIZES[label]:
            self.bad += 1
        elif self._may_keep():
            self._by_random.setdefault(random, {})[label] = secret
            self.premasters = self.premasters or label == PREMASTER

    def _rsa(self, key: bytes, value: bytes) -> None:
        """``RSA <first 8 bytes of the encrypted premaster> <premaster>``, or ``RSA Session-ID:… Master-Key:…`` as OpenSSL's tools print it."""
        if key.startswith(b"Session-ID:") and value.startswith(b"Master-Key:"):
            session, master = _unhex(key[11:]), _unhex(value[11:])
            if not session or len(master) != 48:
                self.bad += 1
            elif self._may_keep():
                self.resumable(session, master)
            return
        encrypted, premaster = _unhex(key), _unhex(value)
        if len(encrypted) != 8 or len(premaster) != 48:
            self.bad += 1
        elif self._may_keep():
            self._by_encrypted[encrypted] = premaster
            self.premasters = True

    def _may_keep(self) -> bool:
        if self.known >= TLS_SECRETS:
            self.ignored += 1
            return False
        self.known += 1
        return True

    # ------------------------------------------------------------ questions

    def of(self, random: bytes) -> dict[str, bytes]:
        """Secrets by label for a client random; empty if there are none."""
        return self._by_random.get(random, {})

    def premaster(self, encrypted: bytes) -> bytes | None:
        """The premaster secret that a client sent RSA-encrypted in these bytes."""
        return self._by_encrypted.get(encrypted[:8])

    def resumable(self, session: bytes, master: bytes) -> None:
        """Remember the master secret of a session id or ticket."""
        self._resumable[session] = master
        self._resumable.move_to_end(session)
        if len(self._resumable) > TLS_SESSIONS:
            self._resumable.popitem(last=False)

    def resumed(self, session: bytes) -> bytes | None:
        """The master secret that a session id or ticket stands for."""
        return self._resumable.get(session)


def _unhex(text: bytes) -> bytes:
    """Bytes of a hexadecimal text, empty if it is none."""
    try:
        return bytes.fromhex(text.decode())
    except ValueError:
        return b""
