"""Packets: layers with the bytes of each field, hex without secrets, and what a stream said."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_tui.state import Snapshot
from pcapkit_tui.view import layers, packet, secrets, stream
from pcapkit_tui.view.lines import text_of
from shown import browser, keys, running, settle, text

from pcapkit import drill, revisit
from pcapkit.analysis import Analysis
from pcapkit.model import FrameRef
from pcapkit.options import Options
from pcapkit.report.style import Style
from pcapkit.revisit import Frame, Header, Piece

never = lambda: False  # noqa: E731  # a stop that never comes


def read(path) -> Snapshot:
    analysis = Analysis([str(path)], Options())
    for _ in analysis.read():
        pass
    report = analysis.report()
    return Snapshot(report, analysis.scene, tuple(r.tracker for r in analysis.readings), tuple(c.path for c in report.captures), True, analysis)


@pytest.fixture(scope="module")
def clear(demo):
    """A capture with HTTP in clear text."""
    return demo.with_name("http-fallback.pcapng")


@pytest.fixture(scope="module")
def credentials(demo):
    """A capture with a password on its way."""
    return demo.with_name("http-cleartext-credentials.pcapng")


# ---------------------------------------------------------------- layers


@pytest.mark.parametrize("number", range(1, 30))
def test_fields_stand_where_they_say(demo, number):
    frame = revisit.frame_at(str(demo), 0, number, never)
    found = layers.layers(frame)
    assert found[0].name == "ethernet"
    for layer in found:
        assert layer.at >= 0
        assert layer.at + layer.size <= len(frame.data)
        for field in layer.fields:
            assert field.at >= 0
            assert field.at + field.size <= len(frame.data)
    fields = {f"{layer.name}.{f.name}": f for layer in found for f in layer.fields}
    mac = fields["ethernet.source"]
    assert frame.data[mac.at : mac.at + mac.size].hex(":") == mac.value


def test_what_layers_say(demo):
    titles = [layer.title for n in range(1, 60) for layer in layers.layers(revisit.frame_at(str(demo), 0, n, never))]
    for part in (
        "DHCP Request",
        "DNS query A lyncdiscoverinternal.contoso.com",
        "DNS answer A",
        "SYN ACK",
        "TLS Handshake: ClientHello",
        "TLS Handshake: ServerHello",
    ):
        assert any(part in title for title in titles), part


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from((1, 6, 17, 58)), st.sampled_from((53, 67, 80, 443, 40_000)), st.integers(0, 5))
def test_any_bytes_give_layers(data, proto, port, status):
    at = min(20, len(data))
    piece = Piece(status, 4, proto, "192.0.2.1", "192.0.2.2", 40_000, port, 1, 1, 16, 100, 64, 0, at, len(data) - at, len(data) - at + 3)
    names = ("ethernet", "vlan", "ipv4", "ipv6", "tcp", "udp", "gre", "erspan")
    frame = Frame(0, 1, 0, len(data), 1, data, tuple(Header(n, min(k * 3, len(data))) for k, n in enumerate(names)), piece)
    found = layers.layers(frame)
    lines = packet.lines(Style(utc=True), frame, found, 80)
    assert text_of(lines)
    assert all(part.isprintable() for part in text_of(lines).split("\n"))
    for line in lines:
        start, end = packet.marked(found, line.key)
        packet.hexdump(Style(), data, (start, end), 80)


# ---------------------------------------------------------------- secrets

SECRETS = [
    (b"GET / HTTP/1.1\r\nAuthorization: Basic am9lOnNlc2FtZQ==\r\nHost: x\r\n\r\n", b"am9lOnNlc2FtZQ=="),
    (b"Proxy-Authorization: NTLM TlRMTVNTUAADAAAA\r\n", b"TlRMTVNTUAADAAAA"),
    (b"Authorization: nonsense-without-scheme\r\n", b"nonsense-without-scheme"),
    (b"Cookie: a=12345; OutlookSession=abcdef\r\n", b"abcdef"),
    (b"Set-Cookie: sid=zyx987; path=/; secure\r\n", b"zyx987"),
    (b"X-MS-WebTicket: opaque=cwt=AAEBHAEFAAAAA\r\n", b"opaque=cwt=AAEBHAEFAAAAA"),
    (b"GET /x?user=joe&password=hunter2&Cmd=Sync HTTP/1.1\r\n", b"hunter2"),
    (b"grant_type=password&username=joe&password=hunter2", b"hunter2"),
    (b'{"access_token": "eyJhbGciOi", "expires": 1}', b"eyJhbGciOi"),
    (b"<wsse:Password Type='x'>hunter2</wsse:Password>", b"hunter2"),
    (b"<saml:Assertion ID='1'>abc</saml:Assertion>", b"abc"),
    (b"Location: https://joe:hunter2@mail.contoso.com/\r\n", b"joe:hunter2"),
    (b"A" * 40 + b"\r\nHost: x\r\n", b"A" * 40),
    (b"PASS hunter2\r\n", b"hunter2"),
]


@pytest.mark.parametrize(("data", "secret"), SECRETS)
def test_secrets_are_found(data, secret):
    shown = secrets.hidden(data)
    assert secret not in shown
    assert f"‹redacted:{len(secret)} bytes›".encode() in shown
    spans = secrets.spans(data)
    assert spans == sorted(spans)
    text_ = text_of(packet.hexdump(Style(), data, (0, 0), 80))
    assert secret[:8].decode() not in text_.replace("\n", "")
    assert "bytes of secrets are not shown" in text_


@pytest.mark.parametrize("data", [b"GET /autodiscover/autodiscover.xml HTTP/1.1\r\nHost: x\r\n", b"\x16\x03\x03\x00\x10plain", b""])
def test_what_is_no_secret_stays(data):
    assert b"redacted" not in secrets.hidden(data)


def test_what_stays_of_credentials():
    assert secrets.hidden(b"Authorization: Basic abcd\r\n") == "Authorization: Basic ‹redacted:4 bytes›\r\n".encode()
    assert b"path=/" in secrets.hidden(b"Set-Cookie: sid=zyx987; path=/\r\n")


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=2_000))
def test_any_bytes_have_spans_within_them(data):
    for start, end in secrets.spans(data):
        assert 0 <= start < end <= len(data)


# ---------------------------------------------------------------- streams


def said(path, port) -> str:
    snapshot = read(path)
    tracker = snapshot.trackers[0]
    parts = []
    for number in tracker.find(None, None, port):
        talk = revisit.Talk.of(tracker.connection(number))
        found = stream.of_messages(revisit.observations_of(str(path), talk, Options(), snapshot.analysis.secrets, never))
        parts.append(text_of(stream.lines(Style(utc=True), found, 120)))
    return "\n".join(parts)


def test_http_in_clear_is_text_of_both_sides(clear):
    told = said(clear, 80)
    assert "→" in told
    assert "GET " in told
    assert "HTTP/1.1 200" in told
    assert "Host: lyncdiscoverinternal.contoso.com" in told


def test_passwords_are_not_shown(credentials):
    told = said(credentials, 80)
    assert "Authorization: Basic ‹redacted:" in told


def test_tls_with_keys_is_readable(demo):
    told = said(demo.with_name("access-location-external.pcapng"), 443)
    assert "TLS ClientHello" in told
    assert "(decrypted)" in told
    assert "GET " in told


def test_dns_is_told(demo):
    told = said(demo, 53)
    assert "DNS query A lyncdiscoverinternal.contoso.com" in told
    assert "DNS answer" in told


def payload(frame, way, seq, data, length=None):
    return frame, frame * 1_000, way, seq, data, len(data) if length is None else length


def test_unknown_protocols_are_put_together():
    segments = [
        payload(1, 0, 100, b"hello "), payload(2, 0, 106, b"world\nAuthorization: Basic abcd\n"), payload(3, 0, 100, b"hello "),
        payload(4, 1, 500, b"\x00\x01\x02\x03" * 8), payload(5, 1, 540, b"after a gap"), payload(6, 0, 103, b"lo world and mo"),
    ]  # fmt: skip
    found = stream.of_bytes(segments, tcp=True)
    assert [s.title for s in found] == ["38 bytes", "32 bytes", "8 bytes are missing in the capture", "11 bytes"]
    told = text_of(stream.lines(Style(utc=True), found, 100))
    assert "hello world" in told
    assert "abcd" not in told
    assert "0000  00 01 02 03" in told


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2**32 - 1), st.binary(max_size=40)), max_size=12), st.booleans())
def test_any_segments_give_a_stream(segments, tcp):
    found = stream.of_bytes([payload(n, way, seq, data) for n, (way, seq, data) in enumerate(segments)], tcp)
    told = text_of(stream.lines(Style(utc=True), found, 60))
    assert all(line.isprintable() or "\xa0" in line for line in told.split("\n"))


def test_long_streams_are_bounded():
    found = [stream.Said(0, n, n, "x", ["line"] * 50) for n in range(2_000)]
    lines = stream.lines(Style(), found, 80)
    assert len(lines) < stream.TOTAL + 100
    assert "the rest is not shown" in lines[-1].text


# ---------------------------------------------------------------- screens


async def test_the_packet_screen(demo):
    app = browser(snapshot=read(demo))
    async with running(app, (100, 34)) as pilot:
        app.open_packet(FrameRef(0, 7))
        await settle(app, pilot)
        assert app.screen.main.source[app.screen.main.index].text.startswith("DNS query A")
        detail = app.screen.query_one("#detail")
        marked = [s for n in range(len(detail.source)) for s in detail.source[n].spans if s.style == "marked"]
        assert marked
        await keys(app, pilot, "x")
        assert not detail.region.height
        await keys(app, pilot, "x", "v")
        assert app.screen.NAME == "stream"
        assert "DNS query" in text(app)
        await keys(app, pilot, "enter")
        assert app.screen.NAME == "packet"


async def test_a_frame_that_is_not_there(demo, tmp_path):
    app = browser(snapshot=read(demo))
    async with running(app) as pilot:
        app.jump(FrameRef(0, 999_999))
        await settle(app, pilot)
        assert app.screen.NAME == "devices"
        app.open_packet(FrameRef(0, 999_999))
        await settle(app, pilot)
        assert "There is no frame" in text(app)


async def test_a_capture_that_went_away(demo, tmp_path):
    copy = tmp_path / "gone.pcapng"
    copy.write_bytes(demo.read_bytes())
    snapshot = read(copy)
    copy.unlink()
    app = browser(snapshot=snapshot)
    async with running(app) as pilot:
        app.open_packet(FrameRef(0, 7))
        await settle(app, pilot)
        assert "cannot be read again" in " ".join(text(app).split())


async def test_tshark_is_missing(demo, monkeypatch):
    monkeypatch.setattr(drill, "available", lambda: False)
    app = browser(snapshot=read(demo))
    async with running(app, (100, 30)) as pilot:
        app.open_packet(FrameRef(0, 7))
        await settle(app, pilot)
        await keys(app, pilot, "o")
        assert "apt install tshark" in text(app)
        assert "DNS query A" in text(app)


async def test_the_tree_can_be_stopped_and_shown(demo, monkeypatch):
    import threading

    begun, ended = threading.Event(), threading.Event()

    def slow(packets, stopped, **_):
        begun.set()
        while not stopped():
            ended.wait(0.01)
        ended.set()
        return []

    monkeypatch.setattr(drill, "available", lambda: True)
    monkeypatch.setattr(drill, "tree", slow)
    app = browser(snapshot=read(demo))
    async with running(app, (100, 30)) as pilot:
        app.open_packet(FrameRef(0, 7))
        await settle(app, pilot)
        await pilot.press("o")
        await pilot.pause()
        await __import__("asyncio").to_thread(begun.wait, 5)
        await keys(app, pilot, "escape")
        assert ended.is_set()
        assert app.screen.NAME == "packet"
        monkeypatch.setattr(drill, "tree", lambda packets, stopped: [drill.Node(0, "Frame", 0, 0), drill.Node(1, "Authorization: Basic abcd", 2, 4)])
        await keys(app, pilot, "o")
        assert "Authorization: Basic ‹redacted:4 bytes›" in text(app)
