"""TLS events of a conversation → its handshake as one object (docs/domain.md, 6)."""

from __future__ import annotations

from pcapkit_dissectors.messages import (
    Alert,
    Certificate,
    ChangeCipherSpec,
    ClientHello,
    Encrypted,
    HandshakeMessage,
    HttpRequest,
    ServerHello,
    TlsKeys,
)
from pcapkit_dissectors.tls_names import ALERT, CHANGE_CIPHER_SPEC, is_tls13

from pcapkit.flows.facts import REVERSE
from pcapkit.sessions.collect import FlowFacts, Seen
from pcapkit.sessions.scene import ClearRecord, Ref, Tls
from pcapkit.sessions.sources import Trust
from pcapkit.trust.verdict import Verdict


def assemble(facts: FlowFacts) -> Tls | None:
    """The handshake, None if the conversation says nothing in TLS. Whether it was accepted is for ``refusal.classify`` to say."""
    tls = Tls()
    spoke = False
    for seen in facts.events:
        spoke = _take(tls, seen) or spoke
    if not spoke:
        return None
    if tls.server_hello:
        tls.version = tls.server_hello.version
    tls.resumed = _resumed(tls)
    tls.accepted = any(isinstance(s.message, HttpRequest) and s.decrypted for s in facts.events)
    tls.decrypted = tls.decrypted or tls.accepted
    return tls


def _take(tls: Tls, seen: Seen) -> bool:
    """Take one event; True if it is TLS."""
    match seen.message:
        case ClientHello() as hello:
            if tls.hello is None:
                tls.hello, tls.hello_ref = hello, seen.ref
        case ServerHello() as hello:
            if tls.server_hello is None and not hello.hello_retry:
                tls.server_hello, tls.server_hello_ref = hello, seen.ref
        case Certificate() as certificate:
            if seen.direction == REVERSE and not tls.chain and certificate.raw_der:
                tls.chain, tls.chain_ref = certificate.raw_der, seen.ref
        case Alert() as alert:
            tls.records.append(ClearRecord(seen.ref, seen.direction, ALERT, 2, alert))
        case ChangeCipherSpec():
            tls.records.append(ClearRecord(seen.ref, seen.direction, CHANGE_CIPHER_SPEC, 1, None))
        case Encrypted() as record:
            tls.records.append(ClearRecord(seen.ref, seen.direction, record.content_type, record.length, None))
        case HandshakeMessage() as message:
            tls.handshake.append((seen.ref, seen.direction, message.msg_type))
        case TlsKeys():
            pass
        case _:
            return False
    tls.decrypted = tls.decrypted or seen.decrypted
    return True


def _resumed(tls: Tls) -> bool:
    """An abbreviated handshake: no certificate was sent (RFC 5246, 7.3; RFC 8446, 2.2)."""
    hello = tls.server_hello
    if hello is None:
        return False
    if is_tls13(hello.version):
        return hello.psk
    if tls.chain:
        return False
    echoed = bool(hello.session_id) and tls.hello is not None and hello.session_id == tls.hello.session_id
    first = next((r.direction for r in tls.records if r.content_type == CHANGE_CIPHER_SPEC), None)
    return echoed or (first == REVERSE and not any(kind == 14 for _, _, kind in tls.handshake))


class Chains:
    """Chains by server and name, to judge, and to lend to conversations that show none (docs/domain.md, 6)."""

    def __init__(self, trust: Trust | None) -> None:
        self._trust = trust
        self._by_server: dict[tuple[str, int, str | None], Tls] = {}

    def offer(self, server: str, port: int, tls: Tls) -> None:
        """A chain that was seen."""
        if tls.chain and not tls.chain_borrowed:
            self._by_server.setdefault((server, port, tls.sni), tls)

    def complete(self, server: str, port: int, tls: Tls, name: str | None) -> None:
        """Borrow a chain where there is none, and judge what there is."""
        if not tls.chain and tls.server_hello is not None:
            lender = self._by_server.get((server, port, tls.sni))
            if lender:
                tls.chain, tls.chain_ref, tls.chain_borrowed = lender.chain, lender.chain_ref, True
            elif self._trust and name and (given := self._trust.given_chain(name)):
                tls.chain, tls.chain_borrowed = given, True
        seen: Ref | None = tls.server_hello_ref if tls.chain_borrowed else tls.chain_ref
        if tls.chain and seen:
            tls.verdict = self.judge(tls.chain, name, seen.time_ns)

    def judge(self, chain: tuple[bytes, ...], name: str | None, at_ns: int) -> Verdict | None:
        """The verdict, None where nobody judges."""
        return self._trust.judge(chain, name, at_ns) if self._trust else None
