"""A TCP conversation, segment by segment: sequence numbers, acknowledgements, timestamps, windows and options as the systems send them (RFC 9293)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from scapy.layers.inet import TCP

from kit.hosts import Host, Wire
from kit.noise import number

Who = Literal["client", "server"]
MASK: Final = 0xFFFFFFFF
SCALE: Final = {"linux": 7, "ios": 6, "android": 9, "windows": 8}
WINDOW: Final = {"linux": 64240, "ios": 65535, "android": 65535, "windows": 64240}
RETRIES: Final = {"linux": (1.0, 2.0, 3.0, 4.0), "ios": (1.0, 2.0, 3.0, 4.0, 5.0), "android": (1.0, 3.0, 7.0, 15.0), "windows": (1.0, 3.0, 7.0)}
"""Seconds after the first SYN at which it is sent again."""


class End:
    """One side of a conversation: its next sequence number, and what it has acknowledged of the other side."""

    def __init__(self, host: Host, port: int, isn: int) -> None:
        self.host = host
        self.port = port
        self.seq = isn
        self.isn = isn
        self.ack = 0
        self.heard_clock = 0


class Talk:
    """Between a client and a server. Every method puts frames on the tape and lets the time go by that they need."""

    def __init__(self, wire: Wire, client: Host, server: Host, sport: int, dport: int, mss: int = 1460) -> None:
        self.wire = wire
        label = (client.ip, sport, server.ip, dport)
        self.client = End(client, sport, number("isn", "client", *label))
        self.server = End(server, dport, number("isn", "server", *label))
        self.mss = mss
        self.stamps = client.stamps and server.stamps
        self.segment: int | None = None
        """Payload of the server's segments, None: as much as the phone allows."""

    @property
    def tape_time(self) -> int:
        return self.wire.tape.now

    def end(self, who: Who) -> End:
        return self.client if who == "client" else self.server

    def other(self, end: End) -> End:
        return self.server if end is self.client else self.client

    # ------------------------------------------------------------ opening

    def open(self) -> None:
        """The three-way handshake."""
        self.syn()
        self.syn_ack()
        self.acknowledge("client")

    def syn(self, after: float = 0.0004) -> bytes:
        """A SYN, or the same once more. Gives the packet."""
        self.client.seq = self.client.isn
        packet = self._put(self.client, "S", options=self._offer(self.client, after), after=after, ack=0)
        self.client.seq = self.client.isn + 1 & MASK
        return packet

    def syn_ack(self, after: float | None = None) -> None:
        """The answer to the SYN."""
        after = self.server.host.rtt if after is None else after
        self._hear(self.client, self.server)
        self._put(self.server, "SA", options=self._offer(self.server, after), after=after)
        self.server.seq = self.server.isn + 1 & MASK
        self._hear(self.server, self.client)

    def unanswered(self, times: Sequence[float] | None = None) -> None:
        """SYNs into the void, at these seconds after the first (by default those of the system)."""
        self.syn()
        last = 0.0
        for moment in RETRIES[self.client.host.system] if times is None else times:
            self.syn(after=moment - last)
            last = moment

    # ------------------------------------------------------------ data

    def say(self, data: bytes, after: float = 0.002) -> None:
        """The client sends."""
        self._carry(self.client, data, after)

    def answer(self, data: bytes, after: float | None = None) -> None:
        """The server sends."""
        self._carry(self.server, data, self.server.host.rtt + 0.0015 if after is None else after, self.segment)

    def acknowledge(self, who: Who, after: float = 0.00003) -> None:
        """A bare acknowledgement of all that came."""
        end = self.end(who)
        self._hear(self.other(end), end)
        self._put(end, "A", after=after)

    def _carry(self, sender: End, data: bytes, after: float, size: int | None = None) -> None:
        step = size or self.mss - (12 if self.stamps else 0)
        receiver = self.other(sender)
        self._hear(receiver, sender)
        for start in range(0, len(data), step):
            part = data[start : start + step]
            last = start + step >= len(data)
            self._put(sender, "PA" if last else "A", part, after=0.00002 if start else after)
            sender.seq = sender.seq + len(part) & MASK
        if len(data) > step:
            self._hear(sender, receiver)
            self._put(receiver, "A", after=0.00001)

    # ------------------------------------------------------------ closing

    def close(self, by: Who = "client", after: float = 0.004) -> None:
        """FIN of one side, FIN of the other, and the last acknowledgement."""
        first = self.end(by)
        second = self.other(first)
        self.fin(by, after)
        self._hear(first, second)
        self._put(second, "FA", after=second.host.rtt)
        second.seq = second.seq + 1 & MASK
        self._hear(second, first)
        self._put(first, "A", after=0.00003)

    def fin(self, by: Who, after: float = 0.0006) -> None:
        """One side closes."""
        end = self.end(by)
        self._hear(self.other(end), end)
        self._put(end, "FA", after=after)
        end.seq = end.seq + 1 & MASK

    def reset(self, by: Who, after: float = 0.0006, ttl: int | None = None) -> None:
        """One side breaks off: RST, ACK. ``ttl`` if somebody else forged it."""
        end = self.end(by)
        self._hear(self.other(end), end)
        if by == "server" and end.seq == end.isn:
            self._put(end, "RA", after=after, seq=0, window=0, bare=True, ttl=ttl)
        else:
            self._put(end, "RA", after=after, window=0, ttl=ttl)

    def hang_up(self, by: Who, after: float) -> None:
        """FIN of a side that has heard nothing new."""
        end = self.end(by)
        self._put(end, "FA", after=after)
        end.seq = end.seq + 1 & MASK

    def refuse(self) -> None:
        """The client's RST to a SYN-ACK that it did not ask for: no ACK, and the number that the SYN-ACK acknowledged (RFC 9293, 3.10.7.1)."""
        self._put(self.client, "R", after=0.000007, ack=0, window=0, bare=True)

    # ------------------------------------------------------------ segments

    def _hear(self, speaker: End, listener: End) -> None:
        listener.ack = speaker.seq
        listener.heard_clock = speaker.host.clock(self.tape_time)

    def _put(
        self,
        end: End,
        flags: str,
        data: bytes = b"",
        options: list[Any] | None = None,
        after: float = 0.00003,
        seq: int | None = None,
        ack: int | None = None,
        window: int | None = None,
        *,
        bare: bool = False,
        ttl: int | None = None,
    ) -> bytes:
        if options is None:
            options = [("NOP", None), ("NOP", None), self._stamp(end, after)] if self.stamps and not bare else []
        layer = TCP(
            sport=end.port,
            dport=self.other(end).port,
            seq=end.seq if seq is None else seq,
            ack=end.ack if ack is None else ack,
            flags=flags,
            window=(WINDOW[end.host.system] if "S" in flags else WINDOW[end.host.system] >> SCALE[end.host.system]) if window is None else window,
            options=options,
        )
        return self.wire.send(end.host, self.other(end).host, layer / data if data else layer, after, ttl=ttl)

    def _stamp(self, end: End, after: float) -> tuple[str, tuple[int, int]]:
        return ("Timestamp", (end.host.clock(self.tape_time + round(after * 1e9)), end.heard_clock))

    def _offer(self, end: End, after: float) -> list[Any]:
        """Options of a SYN, in the order of each system."""
        size, scale, nop, sack = ("MSS", self.mss), ("WScale", SCALE[end.host.system]), ("NOP", None), ("SAckOK", b"")
        if not (self.stamps if end is self.server else end.host.stamps):
            return [size, nop, scale, nop, nop, sack]
        stamp = self._stamp(end, after)
        if end.host.system == "ios":
            return [size, nop, scale, nop, nop, stamp, sack, ("EOL", None), ("EOL", None)]
        return [size, sack, stamp, nop, scale]
