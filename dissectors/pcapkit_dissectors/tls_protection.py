"""Which keys open a conversation, and where each direction stands under them.

TLS 1.0-1.2: keys of master secret and randoms, switched at a ChangeCipherSpec, again at each renegotiation. TLS 1.3: a ladder of secrets (early data,
handshake, traffic, and its successors after KeyUpdate); the step that opens a record is the right one, so that lost messages do no harm.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm

from pcapkit_dissectors import keylog, tls_keys
from pcapkit_dissectors._api import Message
from pcapkit_dissectors.keylog import KeyLog
from pcapkit_dissectors.messages import ClientHello, ServerHello, TlsKeys
from pcapkit_dissectors.tls_decrypt import Aead13, Opened, Opener, Sealed, opener12
from pcapkit_dissectors.tls_handshake import compression_of
from pcapkit_dissectors.tls_keys import Suite, suite_of
from pcapkit_dissectors.tls_master import Master
from pcapkit_dissectors.tls_names import TLS10, cipher_name, is_tls13, version_name

_SEARCH: Final = 256
"""Sequence numbers tried after a gap."""
_HEADER: Final = 5
_UNKNOWN_LOSS: Final = 2800
"""Bytes that may be lost before the first protected record, where it is not known."""
_SMALLEST: Final = 22
"""Bytes of the smallest protected record with its header."""
_FAILURES: Final = 8
_FAILURES_EXPLAINED: Final = 64
"""Records in a row that may stay closed before a direction is given up: more where a gap or refused early data explains it."""
_SUITES13: Final = {32: (0x1301, 0x1303, 0x1304, 0x1305), 48: (0x1302,)}
"""What may be behind a secret of this length, if the server's hello is not there to tell."""
_EARLY_DATA: Final = 42
_ENCRYPT_THEN_MAC: Final = 22


class Content(NamedTuple):
    """An opened record. ``missing``: bytes of content that a gap took before it, as well as can be told.

    ``opener`` and ``sequence``: how it was opened, for who wants to close it again.
    """

    content_type: int
    content: bytes
    missing: int
    opener: Opener
    sequence: int


class _Step:
    """A secret of TLS 1.3. Until it has opened a record, every suite that it may belong to is tried."""

    def __init__(self, label: str, secret: bytes | None, suites: list[Suite]) -> None:
        self.label = label
        self.secret = secret
        self._openers: dict[Suite, Opener] = {suite: Aead13(suite, tls_keys.traffic_keys(suite, secret)) for suite in suites if secret}
        self.fits: Suite | None = None

    def narrow(self, suite: Suite) -> None:
        """The suite is known now. Early data keeps the one that it was opened with."""
        if self.fits is None:
            self._openers = {suite: Aead13(suite, tls_keys.traffic_keys(suite, self.secret))} if self.secret else {}

    def open(self, record: Sealed, first: int, span: int) -> Opened | None:
        for suite, opener in self._openers.items():
            opened = opener.open(record, range(first, first + span))
            if opened:
                self.fits, self._openers = suite, {suite: opener}
                return opened
        return None

    def successor(self) -> _Step | None:
        """The step that a KeyUpdate leads to."""
        if self.fits is None or self.secret is None:
            return None
        return _Step(self.label, tls_keys.next_secret(self.fits, self.secret), [self.fits])

    @property
    def opener(self) -> Opener:
        """The one that opened a record."""
        return next(iter(self._openers.values()))


@dataclass(slots=True)
class _Way:
    """One direction. ``ladder``: steps of TLS 1.3 from the current one on. ``end``: where in the stream the last opened record ended.

    ``lost``: bytes of the stream between there and the record at hand.
    """

    opener: Opener | None = None
    ladder: list[_Step] = field(default_factory=list)
    sequence: int = 0
    end: int | None = None
    lost: int = 0
    failures: int = 0
    dead: bool = False

    @property
    def span(self) -> int:
        """How many sequence numbers may be the next one."""
        return 1 + min(_SEARCH, -(-self.lost // _SMALLEST))


class Protection:
    """Both directions of one conversation. ``news``: what is to be told of the keys. ``hopeless``: no record will ever be opened."""

    def __init__(self, log: KeyLog) -> None:
        self.news: list[TlsKeys] = []
        self.hopeless = False
        self._log = log
        self._master = Master(log)
        self._ways = (_Way(), _Way())
        self._told: set[str] = set()
        self._client: ClientHello | None = None
        self._server: ServerHello | None = None
        self._compressed = False
        self._pair: tuple[Opener, Opener] | None = None

    # ------------------------------------------------------------ what the handshake says

    def message(self, direction: int, kind: int, body: bytes, message: Message) -> None:
        """Learn from a whole handshake message."""
        self._master.message(direction, kind, body, message)
        if isinstance(message, ClientHello):
            self._begin(message)
        elif isinstance(message, ServerHello) and not message.hello_retry:
            self._server, self._pair = message, None
            self._compressed = compression_of(body) != 0
            self._choose(message)

    def sslv2_hello(self, hello: ClientHello) -> None:
        """Learn from a hello that is no handshake message."""
        self._master.begin(hello)
        self._begin(hello)

    def _begin(self, hello: ClientHello) -> None:
        again = self._client is not None and self._client.raw_random == hello.raw_random
        self._client, self._server, self._pair = hello, None, None
        if again:  # after a HelloRetryRequest
            return
        secrets = self._log.of(hello.raw_random)
        for direction, way in enumerate(self._ways):
            labels = [keylog.HANDSHAKE_SECRETS[direction], keylog.TRAFFIC_SECRETS[direction]]
            if direction == 0 and _EARLY_DATA in hello.extensions:
                labels.insert(0, keylog.EARLY)
            way.ladder = [_Step(label, secrets.get(label), _candidates(secrets.get(label))) for label in labels]

    def _choose(self, hello: ServerHello) -> None:
        suite = suite_of(hello.cipher)
        for way in self._ways:
            if not is_tls13(hello.version):
                way.ladder.clear()
            elif suite is not None and suite.mac is None:
                for step in way.ladder:
                    step.narrow(suite)

    def change(self, direction: int, start: int, end: int) -> None:
        """A ChangeCipherSpec: the next record of this direction is the first under the keys of the last handshake. In TLS 1.3 it means nothing."""
        way = self._ways[direction]
        if self._server is not None and not is_tls13(self._server.version):
            pair = self._derive(self._server)
            way.opener, way.sequence, way.end = (pair[direction] if pair else None), 0, end
        elif way.end in (start, None):
            way.end = end

    def _derive(self, server: ServerHello) -> tuple[Opener, Opener] | None:
        suite, client = suite_of(server.cipher), self._client
        if self._pair or suite is None or client is None or server.version < TLS10 or self._compressed:
            return self._pair
        master = self._master.find(suite)
        if master is None:
            return None
        outside = _ENCRYPT_THEN_MAC in server.extensions
        keys = tls_keys.key_block(server.version, suite, master, client.raw_random, server.raw_random)
        try:
            self._pair = opener12(suite, keys[0], server.version, outside), opener12(suite, keys[1], server.version, outside)
        except UnsupportedAlgorithm:
            return None
        return self._pair

    def key_update(self, direction: int) -> None:
        """A KeyUpdate: the next record of this direction is the first under the next keys (RFC 8446, 4.6.3)."""
        way = self._ways[direction]
        successor = way.ladder[0].successor() if way.ladder else None
        if successor:
            way.ladder, way.sequence = [successor], 0

    # ------------------------------------------------------------ records

    def open(self, direction: int, record: Sealed, start: int, lossy: bool) -> Content | None:
        """Open a record, or tell once why it stays closed. ``start``: where it begins in the stream; ``lossy``: the stream has gaps."""
        way = self._ways[direction]
        way.lost = max(0, start - way.end) if way.end is not None else _UNKNOWN_LOSS if lossy else 0
        if self.hopeless or way.dead or self._is_missing(way, direction, start):
            return None
        before = way.sequence
        found = self._by_opener(way, record) if way.opener else self._by_ladder(way, record)
        if found is None:
            self._failed(way, direction, start + _HEADER + len(record.body))
            return None
        opened, opener = found
        self._tell("matched", "the keys open this connection")
        skipped = opened.sequence - before if opened.sequence >= before else opened.sequence
        missing = max(0, way.lost - skipped * (opener.overhead + _HEADER))
        way.sequence, way.end, way.failures = opened.sequence + 1, start + _HEADER + len(record.body), 0
        return Content(opened.content_type, opened.content, missing, opener, opened.sequence)

    def _by_opener(self, way: _Way, record: Sealed) -> tuple[Opened, Opener] | None:
        assert way.opener is not None
        opened = way.opener.open(record, range(way.sequence, way.sequence + way.span))
        return (opened, way.opener) if opened else None

    def _by_ladder(self, way: _Way, record: Sealed) -> tuple[Opened, Opener] | None:
        for rung, step in enumerate(way.ladder):
            opened = step.open(record, 0 if rung else way.sequence, way.span)
            if opened:
                del way.ladder[:rung]
                return opened, step.opener
        successor = way.ladder[0].successor() if way.lost else None
        opened = successor.open(record, 0, way.span) if successor else None
        if successor is None or opened is None:
            return None
        way.ladder = [successor]
        return opened, successor.opener

    def _is_missing(self, way: _Way, direction: int, start: int) -> bool:
        """There are no keys for this record; say which, and give up if there never will be."""
        if way.opener is not None or any(step.secret for step in way.ladder):
            return False
        if way.lost:  # the change itself may be lost
            self.change(direction, start, start)
            if way.opener is not None:
                return False
        self._tell("missing", self._what_is_missing())
        # A second handshake has other keys, but it stands in records of the first.
        way.dead = True
        self.hopeless = all(each.dead for each in self._ways) or not self._may_hope()
        return True

    def _may_hope(self) -> bool:
        return self._client is not None and bool(self._log.of(self._client.raw_random))

    def _what_is_missing(self) -> str:
        if self._client is None:
            return "the client's hello is not in the capture, so nothing tells which keys are this connection's"
        if self._server is None:
            return "no secret fits what is in the capture: the server's hello is not there"
        if self._server.version < TLS10:
            return f"{version_name(self._server.version)} is not decrypted"
        suite = suite_of(self._server.cipher)
        if suite is None or self._compressed:
            return f"{cipher_name(self._server.cipher)}{' with compression' if self._compressed else ''} is not decrypted"
        return "no secret of this connection is in the key log"

    def _failed(self, way: _Way, direction: int, end: int) -> None:
        way.failures += 1
        explained = way.lost > 0 or (direction == 0 and self._client is not None and _EARLY_DATA in self._client.extensions)
        if not way.lost:  # behind a gap the record may have counted, so that it stays a part of what is lost
            way.end = end
        absent = [step.label for step in way.ladder if step.secret is None and way.opener is None]
        if absent:
            self._tell("missing", f"{absent[-1]} is not in the key log")
        elif not explained:
            self._tell("failed", "the key log has secrets of this connection, but they do not open it")
        if way.failures >= (_FAILURES_EXPLAINED if explained else _FAILURES):
            self._tell("failed", "the records of this connection cannot be opened any more")
            way.dead = True
            self.hopeless = all(each.dead for each in self._ways)

    def _tell(self, status: str, detail: str) -> None:
        if status not in self._told:
            self._told.add(status)
            self.news.append(TlsKeys(status, detail))


def _candidates(secret: bytes | None) -> list[Suite]:
    numbers = _SUITES13.get(len(secret), ()) if secret else ()
    return [suite for suite in map(suite_of, numbers) if suite is not None]
