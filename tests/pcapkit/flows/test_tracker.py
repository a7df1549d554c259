"""From packets to observations: the same whatever the windows are, read only where it matters, errors stopped at one place."""

import struct

import pytest
from flow_messages import application_data, certificate, client_hello, server_hello
from pcapkit_dissectors._api import Context, Event, Handover, Malformed, StreamDissector
from pcapkit_dissectors.messages import Certificate, ClientHello, Dns, HttpRequest, HttpResponse, IcmpError, Neighbour, ServerHello
from talk import ACK, FIN, MS, PHONE, PHONE_MAC, ROUTER, RST, SERVER, SYN, T0, Wire, frame, ip, udp

from pcapkit.flows import reading, streams, waiting
from pcapkit.flows.tracker import Tracker

GET = b"GET /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: autodiscover.contoso.com\r\n\r\n"
PLAIN_GET = b"GET /%d HTTP/1.1\r\nHost: www.example.com\r\n\r\n"
SIZES = (1, 2, 3, 7, None)


def ok(body=b"", more=b""):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%s\r\n" % (len(body), more) + body


def question(name, answer=None, ident=1):
    labels = b"".join(bytes([len(part)]) + part for part in name.encode().split(b".")) + b"\0"
    head = struct.pack(">HHHHHH", ident, 0x8180 if answer else 0x0100, 1, 1 if answer else 0, 0, 0)
    record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + answer if answer else b""
    return head + labels + struct.pack(">HH", 1, 1) + record


def shown(observations):
    """What observations say, without the bytes that only objects hold."""
    return [
        (o.flow, o.src, o.sport, o.dst, o.dport, o.transport, o.event.frames, o.event.time_ns, o.event.complete, repr(o.event.message))
        for o in observations
    ]


def messages(observations, kind):
    return [o.event.message for o in observations if isinstance(o.event.message, kind)]


def busy_wire():
    """A bit of everything, with losses, repetitions and strange order."""
    wire = Wire()
    wire.udp(PHONE, ROUTER, question("lyncdiscover.contoso.com"))
    wire.udp(ROUTER, PHONE, question("lyncdiscover.contoso.com", bytes([198, 51, 100, 20])), sport=53, dport=50000)
    tls = wire.talk().open()
    tls.say(0, client_hello("lyncdiscover.contoso.com")).say(1, server_hello() + certificate([b"leaf" * 300, b"root" * 300]), size=400)
    web = wire.talk(sport=50001, dport=80).open()
    web.say(0, GET).say(1, ok(b"<html>" + b"x" * 40_000))
    for _ in range(4):
        tls.say(0, application_data(300)).say(1, application_data(1_000))
    other = wire.talk(sport=50002, dport=8080, isn=(2**32 - 20, 5)).open()
    at = other.seq[0]
    request = PLAIN_GET % 7
    other.send(0, request[20:], seq=at + 20)
    other.send(0, request[:20], seq=at)
    other.send(0, request[:20], seq=at)
    other.seq[0] = at + len(request)
    other.say(1, ok(b"body")).close()
    web.close(1)
    late = wire.talk(sport=50003, server="203.0.113.9")
    late.send(1, server_hello(), flags=ACK)
    lost = wire.talk(sport=50004, dport=80, server="203.0.113.10").open().say(0, GET)
    lost.send(1, b"HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n" + b"a" * 1000)
    lost.seq[1] += 1000
    lost.send(1, b"b" * 1000)
    lost.send(0, flags=RST)
    return wire


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("size", SIZES)
def test_windows_change_nothing(size, full):
    wire = busy_wire()
    whole, expected = wire.track(full=full)
    tracker, found = wire.track(size, full=full)
    assert sorted(shown(found)) == sorted(shown(expected))
    assert [tracker.connection(n) for n in range(tracker.next_flow)] == [whole.connection(n) for n in range(whole.next_flow)]
    assert tracker.counts() == whole.counts()
    assert list(tracker.summaries()) == list(whole.summaries())


def test_what_is_read():
    _, found = busy_wire().track()
    assert [m.qname for m in messages(found, Dns)] == ["lyncdiscover.contoso.com"] * 2
    assert [m.sni for m in messages(found, ClientHello)] == ["lyncdiscover.contoso.com"]
    assert len(messages(found, ServerHello)) == 2
    assert [len(m.certs) for m in messages(found, Certificate)] == [2]
    assert [m.uri for m in messages(found, HttpRequest)] == ["/autodiscover/autodiscover.xml", "/7", "/autodiscover/autodiscover.xml"]
    bodies = [m.body_len for m in messages(found, HttpResponse)]
    assert 40_006 in bodies, "a discovery answer is read beyond the first bytes"
    assert {o.event.message.TYPE for o in found} >= {"autodiscover.response"}
    assert all(o.event.frames == tuple(sorted(o.event.frames)) for o in found)


def test_bulk_is_not_read():
    wire = Wire()
    tls = wire.talk().open().say(0, client_hello("www.example.com")).say(1, server_hello() + certificate([b"x" * 900]))
    for _ in range(50):
        tls.say(1, application_data(8_000))
    ssh = wire.talk(sport=4, dport=22).open().say(1, b"SSH-2.0-x\r\n")
    for _ in range(50):
        ssh.say(1, b"\x00" * 1_400)
    tracker, _ = wire.track()
    assert tracker.fed < 12


@pytest.mark.parametrize("size", SIZES)
def test_tls_amid_a_conversation(size):
    """STARTTLS, whatever the protocol around it."""
    wire = Wire()
    mail = wire.talk(dport=143).open().say(1, b"* OK ready\r\n").say(0, b"a STARTTLS\r\n").say(1, b"a OK\r\n")
    mail.say(0, client_hello("mail.example.com")).say(1, server_hello())
    for full in (False, True):
        _, found = wire.track(size, full=full)
        assert [m.sni for m in messages(found, ClientHello)] == ["mail.example.com"]
        assert len(messages(found, ServerHello)) == 1


@pytest.mark.parametrize("size", SIZES)
def test_tls_within_connect(size):
    wire = Wire()
    proxy = wire.talk(dport=3128).open().say(0, b"CONNECT mail.example.com:443 HTTP/1.1\r\nHost: mail.example.com\r\n\r\n")
    proxy.say(1, b"HTTP/1.1 200 Connection established\r\n\r\n").say(0, client_hello("mail.example.com")).say(1, server_hello())
    _, found = wire.track(size)
    assert [type(m).__name__ for m in (o.event.message for o in found)] == ["HttpRequest", "HttpResponse", "ClientHello", "ServerHello"]


@pytest.mark.parametrize("first", [1, 2, 3, 5])
def test_a_hello_whose_parts_come_in_any_order(first):
    wire = Wire()
    talk = wire.talk().open()
    hello = client_hello("lyncdiscover.contoso.com", padding=1500)
    at, cut = talk.seq[0], first
    talk.send(0, hello[cut:], seq=at + cut)
    talk.send(0, hello[:cut], seq=at)
    for size in SIZES:
        _, found = wire.track(size)
        assert [m.sni for m in messages(found, ClientHello)] == ["lyncdiscover.contoso.com"]


def test_nothing_is_read_long_after_the_end():
    wire = Wire()
    talk = wire.talk(dport=80).open().say(0, GET)
    talk.send(1, flags=RST)
    talk.send(1, ok(), flags=ACK, at=2_000 * MS)
    for size in SIZES:
        _, found = wire.track(size)
        assert len(messages(found, HttpRequest)) == 1
        assert not messages(found, HttpResponse)


def test_a_body_that_only_the_end_delimits_is_whole_only_after_an_end():
    wire = Wire()
    talk = wire.talk(dport=80).open().say(0, GET).say(1, b"HTTP/1.1 200 OK\r\n\r\nall of it")
    assert [o.event.complete for o in wire.track()[1] if isinstance(o.event.message, HttpResponse)] == [False]
    talk.close(1)
    assert [o.event.complete for o in wire.track()[1] if isinstance(o.event.message, HttpResponse)] == [True]


# ---------------------------------------------------------------- what matters


def two_servers():
    wire = Wire()
    for port, name in ((50000, "www.example.com"), (50001, "web.contoso.com"), (50002, "www.example.com"), (50003, "cdn.example.net")):
        talk = wire.talk(sport=port, server=f"198.51.100.{port % 100}").open()
        talk.say(0, client_hello(name)).say(1, server_hello() + certificate([name.encode() * 90]))
    return wire


@pytest.mark.parametrize("size", SIZES)
def test_conversations_that_matter_to_nobody_wait_unread(size, monkeypatch):
    monkeypatch.setattr(waiting, "SAMPLES", 0)
    tracker, found = two_servers().track(size, wants=lambda name, _: name == "web.contoso.com")
    assert [m.sni for m in messages(found, ClientHello)] == ["www.example.com", "web.contoso.com"], "the first hello of a client, and who matters"
    assert len(messages(found, Certificate)) == 1
    assert tracker.counts()["tls_hellos"] == 2


@pytest.mark.parametrize("size", SIZES)
def test_they_are_read_once_they_matter(size, monkeypatch):
    monkeypatch.setattr(waiting, "SAMPLES", 0)
    matters = set()
    tracker = Tracker(0, wants=lambda name, address: address in matters)
    found = []
    for table in two_servers().tables(size):
        found += tracker.update(table)
    before = len(messages(found, Certificate))
    matters |= {"198.51.100.0", "198.51.100.3"}
    found += tracker.reconsider()
    assert (before, len(messages(found, Certificate))) == (0, 2)
    assert [m.sni for m in messages(found, ClientHello)] == ["www.example.com", "cdn.example.net"], "no hello twice"
    assert tracker.reconsider() == []


def test_plain_requests_to_strangers_wait_too(monkeypatch):
    matters = set()
    wire = Wire()
    for port in range(3):
        talk = wire.talk(sport=50000 + port, dport=80, server=f"198.51.100.{port}").open()
        talk.say(0, PLAIN_GET % port).say(1, ok(b"body"))
    wire.talk(sport=50009, dport=80).open().say(0, GET).say(1, ok(b"body"))
    tracker = Tracker(0, wants=lambda _, address: address in matters)
    found = [o for table in wire.tables() for o in tracker.update(table)]
    assert [m.uri for m in messages(found, HttpRequest)] == ["/0", "/autodiscover/autodiscover.xml"]
    assert len(messages(found, HttpResponse)) == 1
    assert tracker.counts()["http_requests"] == 2
    matters |= {"198.51.100.0", "198.51.100.2"}
    later = tracker.reconsider()
    assert [m.uri for m in messages(later, HttpRequest)] == ["/2"]
    assert len(messages(later, HttpResponse)) == 2
    assert [s.name for s in tracker.summaries()][:2] == ["www.example.com"] * 2


def test_samples_of_strangers_are_read(monkeypatch):
    monkeypatch.setattr(waiting, "SAMPLES", 2)
    _, found = two_servers().track(wants=lambda *_: False)
    assert len(messages(found, Certificate)) == 2


def test_what_waits_is_bounded(monkeypatch):
    monkeypatch.setattr(waiting, "SAMPLES", 0)
    monkeypatch.setattr(waiting, "WAITING_BYTES", 20_000)
    matters = False
    wire = two_servers()
    tracker = Tracker(0, wants=lambda *_: matters)
    for table in wire.tables(1):
        tracker.update(table)
    matters = True
    assert 0 < len(messages(tracker.reconsider(), Certificate)) < 4


def test_servers_are_named():
    tracker, _ = two_servers().track(wants=lambda *_: False)
    assert [s.name for s in tracker.summaries()] == ["www.example.com", "web.contoso.com", "www.example.com", "cdn.example.net"]


# ---------------------------------------------------------------- limits and bugs


def test_too_many_streams_end_the_eldest(monkeypatch):
    monkeypatch.setattr(reading, "MAX_STREAMS", 3)
    wire = Wire()
    for port in range(6):
        wire.talk(sport=50000 + port, dport=80).open().say(0, PLAIN_GET % port)
    tracker, found = wire.track(1)
    assert len(messages(found, HttpRequest)) == 6
    assert [(p.code, p.count) for p in tracker.problems()] == [("limit-reached", 3)]


def test_memory_of_streams_is_bounded(monkeypatch):
    monkeypatch.setattr(reading, "STREAM_MEMORY", 5_000)
    wire = Wire()
    for port in range(4):
        talk = wire.talk(sport=50000 + port, dport=80).open().say(0, GET)
        talk.send(1, b"x" * 1_400, seq=talk.seq[1] + 100)
        talk.send(1, b"x" * 1_400, seq=talk.seq[1] + 3_000)
    tracker, _ = wire.track(1)
    assert tracker.problems()[0].code == "limit-reached"


class Broken:
    """A dissector with a bug."""

    done = False

    def __init__(self, context):
        pass

    def feed(self, direction, data, stamp):
        raise KeyError("oops")

    gap = end = feed


class Chatty:
    """A dissector that finds everything wrong, then hands over."""

    def __init__(self, context):
        self.done = False

    def feed(self, direction, data, stamp):
        yield Event(Malformed("chatty", "wrong", 0, False), direction, (stamp.frame,), stamp.time_ns)

    def gap(self, direction, size):
        return ()

    def end(self, direction):
        return ()


def tracker_with(monkeypatch, start, name="broken"):
    broken = StreamDissector(name, lambda data: float(data.startswith(b"GET")), start)
    monkeypatch.setattr("pcapkit.flows.tracker.all_dissectors", lambda: (broken,))
    return Tracker(0)


def test_a_bug_is_raised_in_tests(monkeypatch):
    tracker = tracker_with(monkeypatch, Broken)
    wire = Wire()
    wire.talk(dport=80).open().say(0, GET)
    (table,) = wire.tables()
    with pytest.raises(KeyError):
        tracker.update(table)


def test_a_bug_stops_one_conversation_and_is_told(monkeypatch):
    monkeypatch.setenv("PCAPKIT_STRICT", "0")
    tracker = tracker_with(monkeypatch, Broken)
    wire = Wire()
    for port in (1, 2):
        wire.talk(sport=50000 + port, dport=80).open().say(0, GET).say(0, GET)
    for table in wire.tables():
        assert tracker.update(table) == []
    assert [(p.code, p.detail, p.count, p.frame) for p in tracker.problems()] == [("internal-error", "broken: KeyError: 'oops'", 2, 4)]


def test_a_conversation_with_too_many_faults_is_left(monkeypatch):
    monkeypatch.setattr(streams, "MAX_PROBLEMS_PER_FLOW", 5)
    tracker = tracker_with(monkeypatch, Chatty, "chatty")
    wire = Wire()
    talk = wire.talk(dport=80).open()
    for _ in range(9):
        talk.say(0, GET)
    found = [o for table in wire.tables() for o in tracker.update(table)]
    assert len(found) == 5


def test_handed_over_bytes_come_before_the_next(monkeypatch):
    class Leads:
        done = True

        def __init__(self, context):
            pass

        def feed(self, direction, data, stamp):
            return [Event(Handover(None, (data[4:], b"")), direction, (stamp.frame,), stamp.time_ns)]

    class Follows:
        done = False
        seen = b""

        def __init__(self, context: Context):
            pass

        def feed(self, direction, data, stamp):
            Follows.seen += data
            return ()

        def end(self, direction):
            return ()

    leads = StreamDissector("leads", lambda data: float(data.startswith(b"GET")), Leads)
    follows = StreamDissector("follows", lambda data: float(data.startswith(b"go on")), Follows)
    monkeypatch.setattr("pcapkit.flows.tracker.all_dissectors", lambda: (leads, follows))
    wire = Wire()
    wire.talk(dport=80).open().say(0, b"GET go on").say(0, b" here")
    wire.track()
    assert Follows.seen == b"go on here"


# ---------------------------------------------------------------- datagrams


def icmp_error(kind, code, quoted):
    return ip(struct.pack(">BBHI", kind, code, 0, 0) + quoted[14 : 14 + 28], 1, ROUTER, PHONE)


@pytest.mark.parametrize("size", SIZES)
def test_icmp_errors_are_tied_to_what_they_quote(size):
    wire = Wire()
    wire.talk().send(0, flags=SYN)
    wire.put(frame(icmp_error(3, 13, wire.packets[0].data)))
    wire.put(frame(ip(struct.pack(">BBHI", 8, 0, 0, 0), 1, PHONE, SERVER)))
    tracker, found = wire.track(size)
    assert [(m.icmp_type, m.icmp_code) for m in messages(found, IcmpError)] == [(3, 13)]
    assert found[0].flow == 0
    assert (found[0].src, found[0].sport) == (ROUTER, None)
    seen = tracker.connection(0).icmp
    assert [(s.frame, s.sender, s.direction) for s in seen] == [(2, ROUTER, 0)]


@pytest.mark.parametrize("size", SIZES)
def test_icmp_errors_belong_to_the_conversation_of_their_time(size):
    wire = Wire()
    for isn in ((1000, 5000), (70_000, 90_000)):
        wire.talk(isn=isn).send(0, flags=SYN)
        wire.put(frame(icmp_error(3, 1, wire.packets[-1].data)))
    tracker, _ = wire.track(size)
    assert [[s.frame for s in tracker.connection(flow).icmp] for flow in tracker.find(PHONE, SERVER, 443)] == [[2], [4]]


def arp(mac, address, operation=1):
    head = struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation)
    return b"\xff" * 6 + mac + b"\x08\x06" + head + mac + bytes(map(int, address.split("."))) + bytes(6) + bytes([10, 20, 0, 1])


@pytest.mark.parametrize("size", SIZES)
def test_a_binding_is_told_once(size):
    wire = Wire()
    for _ in range(3):
        wire.put(arp(PHONE_MAC, PHONE))
    wire.put(arp(PHONE_MAC, "10.20.0.32"))
    tracker, found = wire.track(size)
    assert [(m.mac, m.address) for m in messages(found, Neighbour)] == [("02:00:00:00:00:a1", PHONE), ("02:00:00:00:00:a1", "10.20.0.32")]
    assert found[0].flow == -1
    assert tracker.fed == 2


def test_a_copied_datagram_is_marked():
    wire = Wire()
    for n in range(2):
        wire.udp(PHONE, ROUTER, question("a.example.com"), ident=4, at=n * 1000)
    _, found = wire.track()
    assert [o.duplicate for o in found] == [False, True]


def test_a_damaged_message_is_told_with_what_can_be_read():
    wire = Wire()
    whole = question("a.example.com", bytes([192, 0, 2, 1]))
    wire.udp(PHONE, ROUTER, whole[:-2])
    wire.put(frame(ip(udp(whole), 17, PHONE, ROUTER)), snap=14 + 20 + 8 + len(whole) - 2)
    _, found = wire.track()
    wrong = messages(found, Malformed)
    assert [m.cut for m in wrong] == [False, True]
    assert [m.qname for m in messages(found, Dns)] == ["a.example.com"] * 2


# ---------------------------------------------------------------- twins


def test_a_syn_seen_again_behind_the_nat():
    wire = Wire()
    wire.tcp(PHONE, "203.0.113.50", sport=50000, dport=443, seq=7, flags=SYN, ident=3, at=0)
    wire.tcp(PHONE, "10.0.0.10", sport=50000, dport=443, seq=7, flags=SYN, ident=3, ttl=63, at=40_000)
    wire.tcp(PHONE, "192.0.2.1", sport=50000, dport=443, seq=7, flags=SYN, ident=9, ttl=64, at=50_000)
    tracker, _ = wire.track()
    assert [(c.flow, c.original, c.copy, c.source, c.destination) for c in tracker.nat_copies()] == [
        (0, (1, T0), (2, T0 + 40_000), PHONE, "10.0.0.10")
    ]


def test_an_answer_from_somewhere_else():
    wire = Wire()
    wire.talk(server="203.0.113.50").send(0, flags=SYN)
    wire.tcp("10.0.0.10", PHONE, sport=443, dport=50000, seq=9, ack=1001, flags=SYN | ACK)
    wire.tcp(PHONE, "10.0.0.10", sport=50000, dport=443, seq=1001, flags=RST)
    wire.tcp("10.0.0.11", PHONE, sport=443, dport=50000, seq=9, ack=5, flags=SYN | ACK)
    tracker, _ = wire.track()
    assert [(f.flow, f.syn[0], f.reply[0], f.source, f.ttl, f.reset[0]) for f in tracker.foreign_replies()] == [(0, 1, 2, "10.0.0.10", 64, 3)]


def test_an_answer_from_somewhere_else_on_both_sides_of_the_nat():
    wire = Wire()
    wire.tcp(PHONE, "203.0.113.50", sport=50000, dport=443, seq=1000, flags=SYN, ttl=64, ident=7)
    wire.tcp(PHONE, "10.20.0.28", sport=50000, dport=443, seq=1000, flags=SYN, ttl=63, ident=7)
    wire.tcp("10.20.0.28", PHONE, sport=443, dport=50000, seq=9, ack=1001, flags=SYN | ACK)
    tracker, _ = wire.track()
    assert tracker.foreign_replies() == []  # the reply may still go back through the NAT
    wire.tcp(PHONE, "10.20.0.28", sport=50000, dport=443, seq=1001, flags=RST)
    tracker, _ = wire.track()
    assert [(f.flow, f.syn[0], f.reply[0], f.source, f.reset[0]) for f in tracker.foreign_replies()] == [(0, 1, 3, "10.20.0.28", 4)]


def test_finding_connections():
    wire = Wire()
    for port, server in ((1, SERVER), (2, SERVER), (3, "2001:db8::1")):
        wire.talk(sport=50000 + port, dport=443 if port < 3 else 80, server=server, client=PHONE if port < 3 else "2001:db8::31").open()
    wire.udp(PHONE, ROUTER, b"x", dport=53)
    tracker, _ = wire.track()
    assert tracker.find(client=PHONE) == [0, 1, 3]
    assert tracker.find(client=PHONE, transport="tcp") == [0, 1]
    assert tracker.find(server=SERVER, port=443) == [0, 1]
    assert tracker.find(client="2001:db8::31", server="2001:db8::1") == [2]
    assert tracker.find(server="nonsense") == [] == tracker.find(client="192.0.2.99")
    assert tracker.find() == [0, 1, 2, 3]
    assert tracker.unanswered() == []


def test_several_captures_have_their_own_numbers():
    wire = busy_wire()
    first, _ = wire.track()
    second, found = wire.track(first_flow=first.next_flow)
    assert min(o.flow for o in found) == first.next_flow
    assert second.connection(first.next_flow).client == first.connection(0).client


def test_a_million_rows_cost_nothing_until_looked_at():
    tracker, _ = busy_wire().track()
    rows = tracker.summaries(lambda client, server: f"{client}>{server}")
    assert rows[0].name == f"{PHONE}>{ROUTER}"
    assert rows[-1].id == f"T{len(rows)}"
    assert [row.id for row in rows[1:3]] == ["T2", "T3"]


def test_an_end_is_one_from_both_sides():
    wire = Wire()
    talk = wire.talk(dport=80).open().say(0, GET)
    talk.send(0, flags=FIN | ACK)
    talk.send(1, ok(b"late"), at=5_000 * MS)
    _, found = wire.track(1)
    assert [m.body_len for m in messages(found, HttpResponse)] == [4]


def test_the_first_copies_are_named_datagrams_too():
    wire = Wire()
    for n in range(3):
        wire.udp(PHONE, SERVER, b"question", ident=9, at=n * 1000)
    tracker = Tracker(0)
    for table in wire.tables(1):
        tracker.update(table)
    assert [frame for frame, _ in tracker.quality().duplicate_examples] == [2, 3]
