"""The tables of docs/domain.md, 6, as records and closes: what clients do that refuse a certificate, and what those do that do not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pcapkit_dissectors.messages import Alert, ClientHello, ServerHello

from pcapkit.flows.facts import ACK, FIN, FORWARD, PSH, REVERSE, RST, Connection, Control, Side
from pcapkit.limits import Thresholds
from pcapkit.sessions.refusal import Trial, classify, is_bad, refine
from pcapkit.sessions.scene import ClearRecord, Ref, Refusal, Tls
from pcapkit.trust.verdict import Fault, Verdict

MS = 10**6
LIMITS = Thresholds()
HELLO = ClientHello(0x0303, (0x0304, 0x0303), "lyncdiscoverinternal.contoso.com", (), (0x1301, 0xC02F), "", "")
SIDE = Side(5, 1000, 1000, 0, None, 0, 0, 900, 1000, None, None, None, 0)


def server_hello(version: int) -> ServerHello:
    return ServerHello(0x0303, version, 0x1302 if version == 0x0304 else 0xC030, (), "", hello_retry=False)


def ref(at_ms: float) -> Ref:
    """Frames are numbered by their time in ms, which keeps the tables readable."""
    return Ref(0, int(at_ms), int(at_ms * MS))


def control(at_ms: float, direction: int, flags: int) -> Control:
    return Control(int(at_ms), int(at_ms * MS), direction, flags, 1, 1, 64, 0, 0, None, duplicate=False)


class Story:
    """A connection told step by step: ``c``/``s`` records of client and server, ``ends`` who closes how."""

    def __init__(self, version: int = 0x0303, *, flight: bool = True) -> None:
        self.tls = Tls(hello=HELLO, hello_ref=ref(10), server_hello=server_hello(version), server_hello_ref=ref(20), version=version)
        self.control: list[Control] = []
        self.forward = replace(SIDE, last_data=(10, 10 * MS))
        self.reverse = SIDE
        self.at = 20.0
        if flight and version == 0x0304:
            self.s(23, 900)
        elif flight:
            self.tls.chain, self.tls.chain_ref = (b"leaf",), ref(21)
            self.tls.handshake.append((ref(22), REVERSE, 14))
            self.at = 22.0

    def _record(self, direction: int, content_type: int, length: int, alert: Alert | None, wait_ms: float) -> Story:
        self.at += wait_ms
        self.tls.records.append(ClearRecord(ref(self.at), direction, content_type, length, alert))
        if direction == FORWARD:
            self.forward = replace(self.forward, last_data=(int(self.at), int(self.at * MS)))
        return self

    def c(self, content_type: int, length: int = 1, wait_ms: float = 5) -> Story:
        return self._record(FORWARD, content_type, length, None, wait_ms)

    def s(self, content_type: int, length: int = 1, wait_ms: float = 1) -> Story:
        return self._record(REVERSE, content_type, length, None, wait_ms)

    def alert(self, description: int, level: int = 2, direction: int = FORWARD) -> Story:
        return self._record(direction, 21, 2, Alert(level, description), 5)

    def handshake(self) -> Story:
        """Up to TLS 1.2: the client's last messages and the server's."""
        self.tls.handshake.append((ref(self.at + 5), FORWARD, 16))
        return self.c(20).c(22, 40, 0).s(20).s(22, 40, 0)

    def ends(self, flags: int = FIN | ACK, direction: int = FORWARD, wait_ms: float = 5) -> Story:
        self.at += wait_ms
        self.control.append(control(self.at, direction, flags))
        return self

    @property
    def connection(self) -> Connection:
        where = ("10.20.0.31", 50000, "10.0.0.10", 443, None, None)
        times = (1, int(self.at), MS, int(self.at * MS))
        return Connection(1, 0, "tcp", *where, *times, tuple(self.control), self.forward, self.reverse, handshake_seen=True)  # type: ignore[arg-type]

    def judge(self) -> tuple[bool, Refusal | None]:
        return classify(self.tls, self.connection, LIMITS)

    def refusal(self) -> tuple[str, str, str | None] | None:
        accepted, refusal = self.judge()
        assert not (accepted and refusal)
        return (refusal.kind, refusal.confidence, refusal.library) if refusal else None


def tls12() -> Story:
    return Story(0x0303)


def tls13() -> Story:
    return Story(0x0304)


# ---------------------------------------------------------------- the table of 9.4


@pytest.mark.parametrize(
    ("client", "story", "kind", "confidence", "library"),
    [
        ("openssl 1.2", tls12().alert(48).ends(), "A", "high", "OpenSSL"),
        ("openssl 1.3, alert in clear", tls13().alert(48).ends(), "A", "high", "OpenSSL"),
        ("gnutls-cli 1.2", tls12().alert(42).ends(), "A", "high", "GnuTLS or OpenSSL"),
        ("gnutls-cli 1.3", tls13().c(20).c(23, 19).ends(), "B", "high", "GnuTLS, BoringSSL (Chromium) or NSS (Firefox)"),
        ("wget 1.2", tls12().handshake().ends(), "C", "medium", "GnuTLS (Wget), Node.js or BoringSSL"),
        ("wget 1.3", tls13().c(20).c(23, 69).ends(), "C", "medium", None),
        ("java 1.2", tls12().alert(46).ends(), "A", "high", "BoringSSL (Android, Apple, Chromium) or Java"),
        ("java 1.3", tls13().c(20).c(23, 35).ends(), "B", "high", "Java"),
        ("node 1.2", tls12().handshake().ends(), "C", "medium", "GnuTLS (Wget), Node.js or BoringSSL"),
        ("node 1.3", tls13().ends(), "D", "medium", "Node.js"),
        ("libcurl on BoringSSL 1.3", tls13().c(20).c(23, 53).ends(RST), "C", "medium", None),
        ("chromium 1.2", tls12().alert(46).ends(), "A", "high", "BoringSSL (Android, Apple, Chromium) or Java"),
        ("chromium 1.3", tls13().c(20).c(23, 19).ends(), "B", "high", "GnuTLS, BoringSSL (Chromium) or NSS (Firefox)"),
        ("firefox 1.2", tls12().handshake().c(21, 26).ends(), "C", "medium", "NSS (Firefox) or OpenSSL (curl)"),
        ("openssl, expired", tls12().alert(45).ends(), "A", "high", "OpenSSL"),
        ("curl 1.3, name", tls13().c(20).c(23, 69).c(23, 19).ends(), "C", "medium", "OpenSSL (curl)"),
        (
            "curl 1.2, name, and the server answers the alert faster than curl closes",
            tls12().handshake().c(21, 26).ends(direction=REVERSE).ends(),
            "C",
            "medium",
            "NSS (Firefox) or OpenSSL (curl)",
        ),
        (
            "git 1.3, the server answers the alert",
            tls13().c(20).c(23, 69).c(23, 19).ends(direction=REVERSE).ends(RST),
            "C",
            "medium",
            "OpenSSL (curl)",
        ),
        ("aborted after the flight", tls12().ends(RST), "D", "medium", None),
        ("close_notify, then FIN", tls12().alert(0, level=1).ends(), "D", "medium", None),
        ("a user who is asked", tls12().ends(wait_ms=8000), "E", "low", None),
    ],
    ids=lambda value: value if isinstance(value, str) and " " in value else "",
)
def test_clients_that_refuse(client: str, story: Story, kind: str, confidence: str, library: str | None) -> None:
    assert story.refusal() == (kind, confidence, library), client


@pytest.mark.parametrize(
    ("what", "story"),
    [
        ("request in 1.2", tls12().handshake().c(23, 208)),
        ("request in 1.2, then close", tls12().handshake().c(23, 208).ends()),
        ("CBC splits off one byte", tls12().handshake().c(23, 32).c(23, 208)),
        ("request in 1.3", tls13().c(20).c(23, 69).c(23, 120)),
        ("request in 1.3 after an empty certificate", tls13().c(20).c(23, 25).c(23, 69).c(23, 120)),
        ("request in 1.3 after certificate and Finished in one record", tls13().c(23, 1400).c(23, 120)),
        ("request, then an alert of ours", tls13().c(23, 53).c(23, 120).c(23, 19).ends()),
    ],
)
def test_clients_that_accept(what: str, story: Story) -> None:
    assert story.judge() == (True, None), what


@pytest.mark.parametrize(
    ("what", "story"),
    [
        ("nothing yet", tls12()),
        ("handshake, still open", tls12().handshake()),
        ("a Finished is no data", tls13().c(20).c(23, 25).c(23, 69)),
        ("the server closes first", tls12().ends(direction=REVERSE).ends()),
        ("the server resets", tls13().ends(RST, REVERSE)),
        ("the server's alert comes first", tls12().alert(40, direction=REVERSE).ends()),
        ("the server's alert, then the client's", tls12().alert(40, direction=REVERSE).alert(46).ends()),
        ("the server refuses the client's certificate, protected", tls12().handshake().s(21, 26).ends()),
        ("the same in 1.3", tls13().c(23, 25).c(23, 69).s(23, 19).ends()),
        ("client: protocol_version", tls12().alert(70).ends()),
        ("client: handshake_failure", tls12().alert(40).ends()),
        ("client: insufficient_security", tls12().alert(71).ends()),
        ("client: internal_error", tls12().alert(80).ends()),
        ("client: inappropriate_fallback", tls12().alert(86).ends()),
        ("client: unrecognized_name", tls12().alert(112).ends()),
        ("client: no_application_protocol", tls12().alert(120).ends()),
        ("client: decode_error", tls13().alert(50).ends()),
        ("idle after the handshake, closed later", tls12().handshake().ends(wait_ms=30_000)),
        ("the server never ends the handshake", tls12().c(20).c(22, 40, 0).ends()),
        ("the server closes, then the client's alert", tls12().handshake().ends(direction=REVERSE).c(21, 26).ends()),
        ("short record in 1.3, still open", tls13().c(20).c(23, 19)),
        ("key exchange, then close", tls12().c(20).ends()),
    ],
)
def test_what_is_neither(what: str, story: Story) -> None:
    assert story.judge() == (False, None), what


# ---------------------------------------------------------------- honesty


@pytest.mark.parametrize("story", [tls12().handshake().ends(), tls12().ends(), tls12().ends(wait_ms=8000), tls13().c(23, 19).ends()])
def test_absence_is_not_judged_with_gaps_or_one_direction(story: Story) -> None:
    assert story.refusal() is not None
    forward, reverse = story.forward, story.reverse
    for broken in (
        (replace(forward, missing=100), reverse),
        (forward, replace(reverse, missing=1)),
        (replace(forward, cut=1), reverse),
        (forward, replace(reverse, packets=0)),
    ):
        story.forward, story.reverse = broken
        assert story.judge() == (False, None)
    story.forward, story.reverse = forward, reverse


def test_an_alert_proves_itself_despite_gaps_and_without_the_flight() -> None:
    story = tls12().alert(48).ends()
    story.forward = replace(story.forward, missing=5000)
    assert story.refusal() == ("A", "high", "OpenSSL")
    client_only = Tls(hello=HELLO, hello_ref=ref(10), records=[ClearRecord(ref(30), FORWARD, 21, 2, Alert(2, 46))])
    _, refusal = classify(client_only, story.connection, LIMITS)
    assert refusal is not None
    assert (refusal.kind, refusal.confidence) == ("A", "medium")


def test_resumption_is_never_a_refusal() -> None:
    story = Story(0x0303, flight=False).handshake().ends()
    story.tls.resumed = True
    assert story.judge() == (False, None)


def test_without_the_servers_flight_a_close_says_nothing() -> None:
    assert Story(0x0303, flight=False).ends().judge() == (False, None)
    assert Story(0x0304, flight=False).ends().judge() == (False, None)


def test_bytes_that_were_not_read_are_bytes_all_the_same() -> None:
    story = tls12().ends()
    story.forward = replace(story.forward, last_data=(23, 23 * MS))
    assert story.judge() == (False, None)


def test_data_of_a_one_sided_capture_counts() -> None:
    records = [ClearRecord(ref(30), FORWARD, 20, 1, None), ClearRecord(ref(30), FORWARD, 22, 40, None), ClearRecord(ref(31), FORWARD, 23, 300, None)]
    tls = Tls(hello=HELLO, hello_ref=ref(10), records=records, handshake=[(ref(30), FORWARD, 16)])
    assert classify(tls, tls12().connection, LIMITS) == (True, None)
    early = Tls(hello=replace(HELLO, extensions=(41, 42)), hello_ref=ref(10), records=[ClearRecord(ref(11), FORWARD, 23, 300, None)] * 2)
    assert classify(early, tls12().connection, LIMITS) == (False, None)


def test_evidence_names_flight_sign_and_close() -> None:
    _, refusal = tls13().c(20).c(23, 69).c(23, 19).ends(RST).judge()
    assert refusal is not None
    assert [(r.frame, note) for r, note in refusal.evidence] == [
        (21, "the server's flight"),
        (31, "the client ends the handshake"),
        (36, "a protected alert of the client (19 bytes)"),
        (41, "the client closes (RST)"),
    ]


def test_flags_beside_fin_do_not_matter() -> None:
    assert tls12().ends(FIN | PSH | ACK).refusal() == ("D", "medium", None)
    assert tls12().ends(RST | ACK).refusal() == ("D", "medium", None)


# ---------------------------------------------------------------- one device, one name


def verdict(status: str = "public", *codes: str, name_ok: bool | None = True) -> Verdict:
    faults = tuple(Fault(code, "", "") for code in codes)
    return Verdict(status, (), (), None, None, None, "", None, name_ok, faults)  # type: ignore[arg-type]


def trial(story: Story, start_ms: int, end_ms: int, judged: Verdict | None = None) -> Trial:
    story.tls.accepted, story.tls.refusal = story.judge()
    story.tls.verdict = judged
    return Trial(story.tls, start_ms * MS, end_ms * MS)


def confidences(*trials: Trial) -> list[str | None]:
    refine(trials)
    return [t.tls.refusal.confidence if t.tls.refusal else None for t in trials]


def silent() -> Story:
    return tls12().handshake().ends()


def carries_data() -> Story:
    return tls12().handshake().c(23, 300).ends()


def test_c_alone_is_medium_and_repeated_or_explained_high() -> None:
    assert confidences(trial(silent(), 0, 50)) == ["medium"]
    assert confidences(trial(silent(), 0, 50), trial(silent(), 100, 150)) == ["high", "high"]
    assert confidences(trial(silent(), 0, 50, verdict("private"))) == ["high"]


def test_c_beside_a_connection_with_data_is_a_spare_one() -> None:
    assert confidences(trial(carries_data(), 0, 900), trial(silent(), 5, 50)) == [None, "low"]
    assert confidences(trial(silent(), 0, 50), trial(silent(), 0, 50), trial(carries_data(), 60, 900)) == ["low", "low", None]
    assert confidences(trial(carries_data(), 0, 900), trial(tls12().ends(), 5, 50)) == [None, "low"]


def test_a_refusal_of_a_bad_chain_that_is_overridden_later_stays() -> None:
    bad = verdict("private")
    assert confidences(trial(silent(), 0, 50, bad), trial(carries_data(), 4000, 9000, bad)) == ["medium", None]
    assert confidences(trial(tls12().ends(), 0, 50, bad), trial(carries_data(), 4000, 9000, bad)) == ["medium", None]


def test_a_prompt_that_is_answered_with_yes_is_surer() -> None:
    asked = tls12().ends(wait_ms=8000)
    assert confidences(trial(asked, 0, 8100), trial(carries_data(), 8200, 9000)) == ["medium", None]
    assert confidences(trial(tls12().ends(wait_ms=8000), 0, 8100)) == ["low"]


def test_an_alert_stays_high_whatever_else_happens() -> None:
    assert confidences(trial(tls12().alert(46).ends(), 0, 50), trial(carries_data(), 60, 900)) == ["high", None]


@pytest.mark.parametrize(
    ("judged", "bad"),
    [
        (None, False),
        (verdict(), False),
        (verdict("undecided"), False),
        (verdict("public", "cert-expiring"), False),
        (verdict("trusted", "cert-expired"), True),
        (verdict("self-signed"), True),
        (verdict("incomplete"), True),
        (verdict(name_ok=False), True),
        (verdict(name_ok=None), False),
    ],
)
def test_which_verdict_gives_ground_to_refuse(judged: Verdict | None, bad: bool) -> None:
    assert is_bad(Tls(verdict=judged)) is bad
