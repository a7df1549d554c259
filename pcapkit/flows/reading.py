"""The streams that are being read: segments go to their conversations, each in the order of its own packets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from heapq import heappop, heappush

import numpy as np
from pcapkit_dissectors._api import Context, Event, Stamp, StreamDissector
from pcapkit_dissectors.autodiscover_paths import split_target
from pcapkit_dissectors.http1_peek import peek_request
from pcapkit_dissectors.messages import ClientHello, HttpRequest
from pcapkit_dissectors.tls_peek import peek_server_name

from pcapkit.columns.table import Table
from pcapkit.flows.facts import FIN, RST, Observation
from pcapkit.flows.flows import CLIENT_IS_B, DEEP, DONE, LIVE, MARKED, PINNED, WAITS, FlowTable
from pcapkit.flows.selection import Selector
from pcapkit.flows.sides import Ints, changes
from pcapkit.flows.streams import LINGER_NS, Boundary, End, Talk
from pcapkit.flows.tcp import Segments
from pcapkit.flows.text import key_ends, mac_text
from pcapkit.flows.waiting import Block, Said, Waiting, Wants
from pcapkit.limits import MAX_STREAMS, STREAM_MEMORY

Pick = tuple[int, int, int, int, int, int, int, int, int]
"""A segment for Python: row, direction, frame, time, offset and length of the captured payload, its size on the wire, position, top."""


class Streams:
    """Conversations under way. ``fed``: segments handed to dissectors; ``put_aside``: first messages that nobody read, by kind; ``left_out``: what limits
    kept out, by kind. ``named`` is told the servers' names of conversations, by number."""

    def __init__(
        self,
        flows: FlowTable,
        capture: int,
        dissectors: Sequence[StreamDissector],
        context: Context,
        boundary: Boundary,
        named: Callable[[list[tuple[int, str]]], None],
        wants: Wants | None = None,
    ) -> None:
        self.fed = 0
        self.put_aside: Counter[str] = Counter()
        self._named = named
        self.left_out: Counter[str] = Counter()
        self._flows = flows
        self._capture = capture
        self._dissectors = dissectors
        self._context = context
        self._boundary = boundary
        self._selector = Selector(flows, context.full)
        self._talks: dict[int, Talk] = {}
        """By number, the least recently fed first."""
        self._closing: list[tuple[int, int]] = []
        """Heap of (time at which the conversation is over, number)."""
        self._memory = 0
        self._waiting = Waiting(wants)
        self._spoken: list[tuple[int, str]] = []
        """Names of servers, by conversation, that are still to be told."""

    def update(self, table: Table, s: Segments, out: list[Observation]) -> None:
        """Read the segments of a window."""
        chosen = self._selector.choose(table, s)
        over = self._ends(table, s)
        rows = s.sides.conversation[s.sides.of[chosen]]
        waits = self._flows.rows["state"][rows] & WAITS != 0
        aside = [chosen[waits]]
        chosen, rows = chosen[~waits], rows[~waits]
        picks = _picks(table, s, chosen)
        begins = np.flatnonzero(np.append(True, rows[1:] != rows[:-1])) if picks else rows
        ends = np.append(begins[1:], len(picks))
        for at in np.argsort(s.sides.rows[chosen[begins]]).tolist():  # as they came, so that it does not matter where windows end
            row, part = int(rows[begins[at]]), slice(begins[at], ends[at])
            aside.append(self._read(table, s, row, chosen[part], picks[part], over.pop(row, []), out))
        self._put_aside(table, s, np.concatenate(aside))
        for row, times in over.items():
            talk = self._talks.get(int(self._flows.rows["number"][row]))
            if talk is not None:
                self._closes(talk, times)
        now = int(table.time_ns[-1])
        while self._closing and self._closing[0][0] < now:
            self._end(heappop(self._closing)[1], out)
        self._relieve(out)
        self._named(self._spoken)
        self._spoken.clear()

    def meet(self, address: str, frame: int) -> None:
        """An address has shown itself otherwise, in this frame."""
        self._waiting.meet(address, frame)

    def reconsider(self, out: list[Observation]) -> None:
        """Read the conversations that have come to matter since their segments were put aside."""
        for number, greeted, segments in self._waiting.wanted_now():
            row = self._flows.row_of(number)
            if row < 0:
                continue
            self._flows.rows["state"][row] &= ~np.uint16(WAITS)
            for k in segments:
                talk = self._touch(number, row, k.time_ns)
                self.fed += 1
                events = talk.feed(k.direction, k.start, k.top, k.data, k.size, Stamp(k.frame, k.time_ns))
                self._tell(talk, events[1:] if greeted and k is segments[0] else events, out)
                if talk.done:
                    self._end(talk.number, out)
                    break
                self._memory += talk.count_held()
        self._relieve(out)

    def finish(self, out: list[Observation]) -> None:
        """The capture ends, and every conversation with it."""
        for number in list(self._talks):
            self._end(number, out)

    # ---------------------------------------------------------------- one conversation

    def _read(self, table: Table, s: Segments, row: int, elements: Ints, picks: list[Pick], over: list[int], out: list[Observation]) -> Ints:
        """Feed segments of one conversation until it has enough; what a change of mind asks for is chosen anew from the same window.

        Gives the elements that are to be put aside.
        """
        buffer = table.buffer.data
        number = int(self._flows.rows["number"][row])
        at = 0
        while at < len(picks):
            line, direction, frame, time_ns, offset, length, size, start, top = picks[at]
            data = bytes(buffer[offset : offset + length])
            if self._waiting.used and number not in self._talks and self._may_wait(number, row, picks[at], data, out):
                return elements[at:]
            at += 1
            talk = self._touch(number, row, time_ns)
            self._closes(talk, over)
            if talk.over_ns is not None and time_ns > talk.over_ns:
                self._end(number, out)
                break
            self.fed += 1
            events = talk.feed(direction, start, top, data, size, Stamp(frame, time_ns))
            if events:
                self._tell(talk, events, out)
            if talk.done:
                self._end(number, out)
                break
            self._memory += talk.count_held()
            if self._changed(talk, row):
                elements, at = self._selector.after(table, s, row, line), 0
                picks = _picks(table, s, elements)
        return elements[:0]

    def _may_wait(self, number: int, row: int, pick: Pick, data: bytes, out: list[Observation]) -> bool:
        """A conversation begins with a message to somebody who matters to nobody: let it wait."""
        said = _first_words(data)
        if said is None:
            return False
        client, server = self._ends_of(row)
        if said.server_name:
            self._spoken.append((number, said.server_name))
        decision = self._waiting.begin(number, pick[2], client.address, server.address, said)
        if decision == "greet":
            talk = Talk(number, (client, server), pick[3], self._dissectors, self._context, self._boundary)
            self._tell(talk, talk.feed(pick[1], pick[7], pick[8], data, pick[6], Stamp(pick[2], pick[3])), out)
        if decision != "read":
            self._flows.rows["state"][row] |= WAITS
        self.put_aside["tls_hellos" if said.agent is None else "http_requests"] += decision == "wait"
        return decision != "read"

    def _put_aside(self, table: Table, s: Segments, elements: Ints) -> None:
        """Keep segments, of each conversation together, for later."""
        if not len(elements):
            return
        rows = s.sides.conversation[s.sides.of[elements]]
        starts = np.flatnonzero(changes(rows))
        block = Block(table, s, elements, self._flows.rows["number"][rows[starts]].tolist())
        for given_up in self._waiting.keep(block, starts.tolist(), len(elements)):
            row = self._flows.row_of(given_up)
            if row >= 0:
                self._flows.rows["state"][row] |= DONE
                self._flows.rows["state"][row] &= ~np.uint16(WAITS)

    def _changed(self, talk: Talk, row: int) -> bool:
        """Mark what a conversation has turned out to be; True if other segments of it are wanted now."""
        state = self._flows.rows["state"]
        if talk.deep and not state[row] & DEEP:
            state[row] |= DEEP
            return not self._context.full
        if talk.lost and not self._context.full:
            self._drop(talk)
            state[row] &= ~np.uint16(MARKED | LIVE)
            self._flows.tcp["apps"][self._flows.rows["tcp"][row]] = 0
            return True
        return False

    def _touch(self, number: int, row: int, time_ns: int) -> Talk:
        """The conversation, begun if need be; now the most recently fed."""
        talk = self._talks.pop(number, None)
        if talk is None:
            talk = Talk(number, self._ends_of(row), time_ns, self._dissectors, self._context, self._boundary)
            self._flows.rows["state"][row] |= LIVE
        self._talks[number] = talk
        return talk

    def _ends_of(self, row: int) -> tuple[End, End]:
        """Client and server."""
        a_hi, a_lo, b_hi, b_lo, tail, *_, state, _ = self._flows.rows.row(row)
        client, server = key_ends(a_hi, a_lo, b_hi, b_lo, tail, bool(state & CLIENT_IS_B))
        (_, client_mac, *_), (_, server_mac, *_) = self._flows.rows.sides(row)
        return End(*client, mac_text(client_mac)), End(*server, mac_text(server_mac))

    def _tell(self, talk: Talk, events: list[Event], out: list[Observation]) -> None:
        client, server = talk.ends
        for event in events:
            if isinstance(event.message, ClientHello | HttpRequest) and (name := _name_in(event.message)):
                self._spoken.append((talk.number, name))
            src, dst = (server, client) if event.direction else (client, server)
            out.append(Observation(self._capture, talk.number, src.address, dst.address, src.port, dst.port, "tcp", src.mac, dst.mac, event))

    def _end(self, number: int, out: list[Observation]) -> None:
        """Give what is left of a conversation; nothing more of it is read."""
        talk = self._talks.get(number)
        if talk is None:
            return
        if not talk.done:
            self._tell(talk, talk.finish(), out)
        self._drop(talk)
        row = self._flows.row_of(number)
        if row >= 0:
            state = self._flows.rows["state"]
            state[row] |= DONE | (PINNED if talk.interesting else 0)
            state[row] &= ~np.uint16(LIVE)

    def _drop(self, talk: Talk) -> None:
        del self._talks[talk.number]
        self._memory -= talk.counted
        talk.counted = 0
        ignored, conflicts = talk.refused
        self.left_out["segments"] += ignored
        self.left_out["overlaps"] += conflicts

    # ---------------------------------------------------------------- ends and limits

    def _closes(self, talk: Talk, times: list[int]) -> None:
        """Let a conversation be over soon after the first of these times that lies behind its first data."""
        closing = [time_ns for time_ns in times if time_ns >= talk.first_ns]
        if closing and talk.over_ns is None:
            talk.over_ns = min(closing) + LINGER_NS
            heappush(self._closing, (talk.over_ns, talk.number))

    def _ends(self, table: Table, s: Segments) -> dict[int, list[int]]:
        """When conversations that are being read closed, by row: at resets, and when the second side sent its FIN."""
        closing = np.flatnonzero(s.flags & (FIN | RST))
        rows = s.sides.conversation[s.sides.of[closing]]
        state, flags = self._flows.rows["state"][rows], self._flows.rows["flags"][rows]
        counts = ((flags & RST).any(axis=1) | (flags & FIN).all(axis=1)) & (state & DONE == 0) & (self._context.full | (state & MARKED != 0))
        closing, rows = closing[counts], rows[counts]
        over: dict[int, list[int]] = {}
        fins: dict[int, dict[int, int]] = {}
        sides, times = s.sides.of[closing], table.time_ns[s.sides.rows[closing]]
        for row, side, flag, time_ns in zip(rows.tolist(), sides.tolist(), s.flags[closing].tolist(), times.tolist(), strict=True):
            if flag & RST:
                over.setdefault(row, []).append(time_ns)
            else:
                fins.setdefault(row, {}).setdefault(side, time_ns)
        for row, by_side in fins.items():
            if (self._flows.rows["flags"][row] & FIN).all():
                over.setdefault(row, []).append(max(by_side.values()))
        return over

    def _relieve(self, out: list[Observation]) -> None:
        """Keep within the limits: the least recently fed conversations end first, those of interest last."""
        while len(self._talks) > MAX_STREAMS or self._memory > STREAM_MEMORY:
            victim = next((number for number, talk in self._talks.items() if not talk.interesting), next(iter(self._talks)))
            self.left_out["streams"] += 1
            self._end(victim, out)


def _first_words(data: bytes) -> Said | None:
    """Whom the first segment of a conversation is for, if that is all there is to know of it."""
    known, server_name = peek_server_name(data)
    if known:
        return Said(server_name)
    request = peek_request(data)
    return Said(split_target("/", request.host)[0], request.agent) if request else None


def _name_in(message: ClientHello | HttpRequest) -> str | None:
    """The server's name in a request, without port."""
    return message.sni if isinstance(message, ClientHello) else split_target("/", message.host)[0]


def _picks(table: Table, s: Segments, elements: Ints) -> list[Pick]:
    rows, of = s.sides.rows[elements], s.sides.of[elements]
    columns = (
        rows, s.sides.direction[of], table.frame[rows], table.time_ns[rows], table.payload[rows], table.payload_len[rows], table.wire_len[rows],
        s.start[elements], s.top[elements],
    )  # fmt: skip
    return list(zip(*(column.tolist() for column in columns), strict=True))
