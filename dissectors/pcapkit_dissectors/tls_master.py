"""The master secret of a TLS 1.0-1.2 handshake, from whatever a key log holds for it: the secret itself, a premaster secret, or that of the session
which is resumed (RFC 5246, 8.1 and 7.4.1.2; RFC 5077; RFC 7627).
"""

from __future__ import annotations

from typing import Final

from pcapkit_dissectors import keylog
from pcapkit_dissectors._api import Message
from pcapkit_dissectors._limits import TLS_HANDSHAKE
from pcapkit_dissectors.keylog import KeyLog
from pcapkit_dissectors.messages import ClientHello, ServerHello
from pcapkit_dissectors.tls_handshake import issued_ticket, offered_ticket
from pcapkit_dissectors.tls_keys import Suite, extended_master_secret, master_secret
from pcapkit_dissectors.tls_names import CLIENT_KEY_EXCHANGE, HELLO_REQUEST, NEW_SESSION_TICKET

_EXTENDED_MASTER_SECRET: Final = 23


class Master:
    """What one handshake shows of its master secret."""

    def __init__(self, log: KeyLog) -> None:
        self._log = log
        self._client: ClientHello | None = None
        self._server: ServerHello | None = None
        self._offered = self._issued = b""
        self._exchange = b""
        self._secret: bytes | None = None
        self._transcript = bytearray()
        """All messages up to the ClientKeyExchange, kept only where a premaster secret may need them."""

    def message(self, direction: int, kind: int, body: bytes, message: Message) -> None:
        """Learn from a whole handshake message."""
        if isinstance(message, ClientHello):
            self.begin(message, offered_ticket(body))
        elif isinstance(message, ServerHello):
            self._server = message
        elif kind == NEW_SESSION_TICKET:
            self._issued = issued_ticket(body)
            self._remember()
        if not self._exchange and kind != HELLO_REQUEST and self._log.premasters and len(self._transcript) <= TLS_HANDSHAKE:
            self._transcript += bytes([kind]) + len(body).to_bytes(3, "big") + body
        if kind == CLIENT_KEY_EXCHANGE and direction == 0:
            self._exchange = body

    def begin(self, hello: ClientHello, ticket: bytes = b"") -> None:
        """A handshake begins."""
        self._client, self._server = hello, None
        self._offered, self._issued, self._exchange, self._secret = ticket, b"", b"", None
        self._transcript.clear()

    def find(self, suite: Suite) -> bytes | None:
        """The master secret, None if nothing leads to it. Whoever resumes this session later is given it, too."""
        client, server = self._client, self._server
        if client is None or server is None:
            return None
        secret = self._log.of(client.raw_random).get(keylog.CLIENT_RANDOM)
        self._secret = secret or self._derived(client, server, suite) or self._resumed(client, server)
        self._remember()
        return self._secret

    def _remember(self) -> None:
        if self._secret and self._server:
            for session in filter(None, (self._server.session_id, self._issued)):
                self._log.resumable(session, self._secret)

    def _derived(self, client: ClientHello, server: ServerHello, suite: Suite) -> bytes | None:
        """From a premaster secret: of this client random, or of this RSA encryption, which stands behind a length."""
        encrypted = self._exchange[2:10]
        premaster = self._log.of(client.raw_random).get(keylog.PREMASTER) or (self._log.premaster(encrypted) if len(encrypted) == 8 else None)
        if premaster is None:
            return None
        if _EXTENDED_MASTER_SECRET in server.extensions:
            return extended_master_secret(server.version, suite, premaster, bytes(self._transcript))
        return master_secret(server.version, suite, premaster, client.raw_random, server.raw_random)

    def _resumed(self, client: ClientHello, server: ServerHello) -> bytes | None:
        """The server takes up a session by echoing its id; with a ticket the client makes up an id for it (RFC 5077, 3.4)."""
        if server.session_id and server.session_id == client.session_id:
            return self._log.resumed(server.session_id) or (self._log.resumed(self._offered) if self._offered else None)
        return self._log.resumed(self._offered) if self._offered and not self._exchange else None
