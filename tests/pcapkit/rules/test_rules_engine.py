"""What holds for every rule: joining, suppression, honesty about the capture, limits, order, evidence."""

from dataclasses import replace

import pytest

from pcapkit.flows.facts import Connection, Side
from pcapkit.limits import FINDINGS_PER_RULE_DEVICE, Thresholds
from pcapkit.model import Evidence, Platform, Site
from pcapkit.rules import all_rules
from pcapkit.rules._api import Hit, Rule, Unjudged
from pcapkit.rules._engine import frame_filter, judge_with
from pcapkit.rules._suppression import CAUSED, HIDDEN, covers, lines_for
from pcapkit.sessions.scene import Attempt, CaptureHealth, DeviceCase, Ref, Scene, SessionCase

NS = 10**9


def device(number):
    return DeviceCase(f"D{number}", f"a4:83:e7:00:00:{number:02x}", False, "Apple", (f"10.0.0.{number}",), f"phone-{number}", Platform(), True)


def session(number, of):
    return SessionCase(f"S{number}", of, "lync", "contoso.com", 0, NS)


def attempt(of, name="webext.contoso.com", address="203.0.113.50", port=443, role="web-external", connection=None):
    found = Attempt(of.device.id, role, name, address, port, 0, NS, connection=connection)
    of.attempts.append(found)
    return found


def scene(*sessions, health=None):
    devices = list({s.device.id: s.device for s in sessions}.values())
    return Scene((), Site(), Thresholds(), devices, list(sessions), {}, [], health or CaptureHealth(), lambda *_: [], lambda _: True, lambda *_: [])


def rule(code, *items, **options):
    texts = {"title": code, "meaning": "", "recognised": "", "wireshark": "", "display_filter": "tcp", "remedy": ("do",), "how_sure": ""}
    made = Rule(code, "warning", **texts, facts={}, sources=(), **options)
    made.over_scene(lambda _: iter(items))
    return made


def hit(of=None, frame=1, subject=("x",), severity="warning", confidence="high", **fields):
    base = {"because": ("seen",), "headline": f"headline {frame}.", "evidence": ((Ref(0, frame, frame * NS), f"note {frame}"),)}
    return Hit(subject, severity, confidence, **{**base, **fields}, session=of)


@pytest.fixture
def two():
    """Two sessions of two devices."""
    return session(1, device(1)), session(2, device(2))


def findings(sc, *rules):
    return judge_with(rules, sc)[0]


# ---------------------------------------------------------------- joining


def test_one_cause_is_one_finding_with_all_it_hits(two):
    a, b = two
    hits = (
        hit(
            a,
            5,
            severity="warning",
            confidence="medium",
            because=("guess",),
            facts={"port": 443, "servers": ["a"]},
            device_facts={"reaction": "fell-back"},
        ),
        hit(b, 3, severity="critical", confidence="high", facts={"port": 80, "servers": ["b"]}, device_facts={"reaction": "refused"}),
    )
    (found,) = findings(scene(a, b), rule("service-no-reply", *hits))
    assert (found.severity, found.confidence, found.confidence_because) == ("critical", "high", ("seen",))
    assert (found.devices, found.sessions) == (("D1", "D2"), ("S1", "S2"))
    assert found.facts == {"port": 80, "servers": ["b", "a"], "by_device": {"D1": {"reaction": "fell-back"}, "D2": {"reaction": "refused"}}}
    assert [(e.frame, e.device) for e in found.evidence] == [(3, "D2"), (5, "D1")]
    assert found.detail == "headline 3. headline 5."


def test_of_a_cause_that_hits_several_it_is_kept_what_it_is_to_each_alone(two):
    a, b = two
    ours = rule("service-no-reply", hit(a, 5, severity="info"), hit(b, 3, severity="critical", facts={"port": 443}))
    found, consequence = findings(scene(a, b), ours, rule("http-cleartext-credentials", hit(b, 9)), rule("cert-expired", hit(a, 4)))[:2]
    assert {d: (f.severity, f.devices, f.sessions, f.facts, [e.frame for e in f.evidence]) for d, f in found.alone.items()} == {
        "D1": ("info", ("D1",), ("S1",), {}, [5]),
        "D2": ("critical", ("D2",), ("S2",), {"port": 443}, [3]),
    }
    assert consequence.alone == {}


def test_other_subjects_are_other_findings_in_order_of_severity_devices_time(two):
    a, b = two
    hits = (hit(a, 9, ("few",)), hit(a, 8, ("many",)), hit(b, 8, ("many",)), hit(a, 20, ("worst",), "critical"), hit(a, 2, ("early",)))
    found = findings(scene(a, b), rule("dns-timeout", *hits))
    assert [(f.id, f.evidence[0].frame) for f in found] == [("F1", 20), ("F2", 8), ("F3", 2), ("F4", 9)]


def test_a_frame_is_listed_once_with_all_that_it_shows(two):
    a, b = two
    (found,) = findings(
        scene(a, b), rule("dns-timeout", hit(a, 4), hit(b, 4, evidence=((Ref(0, 4, 4 * NS), "other"), (Ref(0, 4, 4 * NS), "note 4"))))
    )
    assert found.evidence == (Evidence(0, 4, 4 * NS, "note 4; other", None),)


def test_many_headlines_are_counted(two):
    a, _ = two
    (found,) = findings(scene(a), rule("dns-timeout", *(hit(a, n) for n in range(1, 9))))
    assert found.detail == "headline 1. headline 2. headline 3. The same in 5 more cases."


def test_much_evidence_keeps_some_of_every_hit(two):
    a, b = two
    many = tuple((Ref(0, n, n * NS), "x") for n in range(1, 500))
    (found,) = findings(scene(a, b), rule("dns-timeout", hit(a, 1, evidence=many), hit(b, 900)))
    assert len(found.evidence) == 101
    assert found.evidence[-1].frame == 900
    assert found.facts["evidence_left_out"] == 399


def test_findings_of_the_capture_have_no_devices():
    (found,) = findings(scene(), rule("capture-drops", hit(None, 1)))
    assert (found.devices, found.sessions) == ((), ())


# ---------------------------------------------------------------- filters


@pytest.mark.parametrize(
    ("frames", "text"),
    [
        ([], ""),
        ([41], "frame.number in {41}"),
        ([41, 42, 47], "frame.number in {41,42,47}"),
        ([47, 41, 42, 43, 50, 51], "frame.number in {41..43,47,50,51}"),
    ],
)
def test_the_filter_names_exactly_the_frames(frames, text):
    assert frame_filter([Evidence(0, n, n, "") for n in frames]) == text


def test_the_filter_is_of_the_first_capture_with_evidence():
    assert frame_filter([Evidence(2, 5, 1, ""), Evidence(1, 7, 9, "")]) == "frame.number in {7}"


def test_without_frames_the_rules_own_filter_helps():
    (found,) = findings(scene(), rule("capture-drops", hit(None, 1, evidence=())))
    assert found.display_filter == "tcp"


# ---------------------------------------------------------------- suppression


def test_a_refusal_is_hidden_under_the_chain_that_explains_it_and_its_frames_move_there(two):
    a, b = two
    at, other = attempt(a), attempt(a, address="203.0.113.51")
    rules = (
        rule("tls-rejected-by-client", hit(a, 7, attempt=at), hit(a, 9, ("y",), attempt=other)),
        rule("untrusted-private-ca", hit(a, 6, attempt=at)),
    )
    found = findings(scene(a, b), *rules)
    assert [(f.code, [e.frame for e in f.evidence]) for f in found] == [("untrusted-private-ca", [6, 7]), ("tls-rejected-by-client", [9])]


def test_a_certificate_that_will_expire_explains_no_refusal(two):
    a, _ = two
    at = attempt(a)
    codes = [f.code for f in findings(scene(a), rule("tls-rejected-by-client", hit(a, 7, attempt=at)), rule("cert-expiring", hit(a, 6, attempt=at)))]
    assert sorted(codes) == ["cert-expiring", "tls-rejected-by-client"]


def test_another_session_hides_nothing(two):
    a, b = two
    found = findings(
        scene(a, b),
        rule("tls-rejected-by-client", hit(a, 7, attempt=attempt(a))),
        rule("untrusted-private-ca", hit(b, 6, attempt=attempt(b))),
    )
    assert {f.code for f in found} == {"tls-rejected-by-client", "untrusted-private-ca"}


def test_frames_go_to_the_root_of_the_causes(two):
    """mobility-service-error under hairpin-no-reply under uplink-down."""
    a, _ = two
    at = attempt(a)
    found = findings(
        scene(a),
        rule("mobility-service-error", hit(a, 9, attempt=at)),
        rule("hairpin-no-reply", hit(a, 5, attempt=at)),
        rule("uplink-down", hit(None, 2, facts={"addresses": ["203.0.113.50"]})),
    )
    assert [(f.code, [e.frame for e in f.evidence]) for f in found] == [("uplink-down", [2, 5, 9])]


def test_an_outage_hides_only_what_went_to_its_silent_addresses(two):
    a, _ = two
    inside = attempt(a, address="10.0.0.10")
    found = findings(
        scene(a), rule("service-no-reply", hit(a, 5, attempt=inside)), rule("uplink-down", hit(None, 2, facts={"addresses": ["203.0.113.50"]}))
    )
    assert {f.code for f in found} == {"service-no-reply", "uplink-down"}


@pytest.mark.parametrize(
    ("code", "cause", "hidden"),
    [
        ("hairpin-no-reply", "dns-timeout", True),
        ("tls-version-refused", "external-fqdn-unresolved", True),
        ("service-reset", "dns-servfail", True),
        ("service-reset", "dns-bypass", False),
        ("hairpin-bypassed", "dns-timeout", False),
        ("discover-internal-missing", "discover-no-record", True),
        ("longpoll-cut", "hairpin-stalled", True),
        ("longpoll-cut", "hairpin-bypassed", False),
        ("http-fallback", "untrusted-private-ca", False),
    ],
)
def test_the_table(two, code, cause, hidden):
    a, _ = two
    at = attempt(a)
    codes = {f.code for f in findings(scene(a), rule(code, hit(a, 7, attempt=at)), rule(cause, hit(a, 6, attempt=at)))}
    assert (code not in codes) is hidden


def test_a_name_is_enough_where_there_is_no_attempt(two):
    a, _ = two
    at = attempt(a)
    found = findings(scene(a), rule("hairpin-no-reply", hit(a, 7, attempt=at)), rule("dns-timeout", hit(a, 6, name="webext.contoso.com")))
    assert [f.code for f in found] == ["dns-timeout"]


def test_an_external_answer_is_hidden_under_what_kept_the_internal_name_away(two):
    a, _ = two
    external, internal = attempt(a, role="discover-external"), attempt(a, "lyncdiscoverinternal.contoso.com", "10.0.0.10", role="discover-internal")
    found = findings(
        scene(a), rule("access-location-external", hit(a, 7, attempt=external)), rule("untrusted-private-ca", hit(a, 6, attempt=internal))
    )
    assert [f.code for f in found] == ["untrusted-private-ca"]


def test_causes_are_named_and_stay(two):
    a, _ = two
    https, http = attempt(a), attempt(a, port=80)
    found = findings(
        scene(a),
        rule("http-fallback", hit(a, 9, attempt=http)),
        rule("untrusted-private-ca", hit(a, 6, attempt=https, severity="critical")),
        rule("http-cleartext-credentials", hit(a, 10, attempt=http)),
        rule("cert-expiring", hit(a, 6, attempt=https)),
    )
    by_code = {f.code: f for f in found}
    assert by_code["http-fallback"].caused_by == (by_code["untrusted-private-ca"].id,)
    assert by_code["http-cleartext-credentials"].caused_by == tuple(sorted((by_code["untrusted-private-ca"].id, by_code["http-fallback"].id)))
    assert by_code["untrusted-private-ca"].caused_by == ()


def test_what_a_device_could_live_with_is_no_cause(two):
    a, _ = two
    found = findings(
        scene(a),
        rule("http-fallback", hit(a, 9, attempt=attempt(a, port=80))),
        rule("untrusted-private-ca", hit(a, 6, attempt=attempt(a), severity="info")),
    )
    assert all(not f.caused_by for f in found)


def test_nothing_hides_itself_by_detours():
    codes = [r.code for r in all_rules()]

    def hiders(code):
        return {c for line in lines_for(code, HIDDEN) for c in codes if covers(line, c)}

    for code in codes:
        seen, todo = set(), hiders(code)
        while todo:
            seen |= todo
            todo = set().union(*(hiders(c) for c in todo)) - seen
        assert code not in seen


def test_every_glob_of_the_table_means_a_rule():
    codes = [r.code for r in all_rules()]
    for line in (*HIDDEN, *CAUSED):
        for glob in (*line.codes, *line.causes, *line.unless):
            assert any(covers(replace_causes(line, glob), c) for c in codes), glob


def replace_causes(line, glob):
    return line._replace(causes=(glob,), unless=())


# ---------------------------------------------------------------- honesty


def side(**changes):
    base = {
        "packets": 3,
        "bytes": 10,
        "span": 10,
        "missing": 0,
        "first_missing_offset": None,
        "retransmissions": 0,
        "duplicates": 0,
        "max_segment": 10,
    }
    return Side(**{**base, "last_ack": 0, "ttl": None, "first_data": None, "last_data": None, "cut": 0, **changes})


def connection(forward=None, reverse=None):
    ends = ("10.0.0.1", 50_000, "203.0.113.50", 443, None, None)
    return Connection(0, 0, "tcp", *ends, 1, 2, 0, 1, (), forward or side(), reverse or side())


@pytest.mark.parametrize(
    ("health", "conversation", "confidence"),
    [
        (CaptureHealth(), connection(), "high"),
        (CaptureHealth(drops=5), connection(), "medium"),
        (CaptureHealth(drops=0), connection(), "high"),
        (CaptureHealth(conversations_with_gaps=2), connection(), "medium"),
        (CaptureHealth(), connection(reverse=side(missing=1448)), "medium"),
        (CaptureHealth(), connection(forward=side(cut=1)), "medium"),
        (CaptureHealth(drops=5, conversations_with_gaps=9), connection(reverse=side(missing=1448)), "medium"),
    ],
)
def test_absence_is_less_sure_where_packets_are_missing(two, health, conversation, confidence):
    a, _ = two
    at = attempt(a, connection=conversation)
    (found,) = findings(scene(a, health=health), rule("hairpin-no-reply", hit(a, 5, attempt=at, absence=True)))
    assert found.confidence == confidence
    assert any("less sure" in reason for reason in found.confidence_because) is (confidence == "medium")
    (seen,) = findings(scene(a, health=health), rule("hairpin-reset", hit(a, 5, attempt=at)))
    assert seen.confidence == "high"


@pytest.mark.parametrize("options", [{}, {"needs_both_ways": True}])
def test_absence_is_not_said_where_one_direction_was_captured(two, options):
    a, b = two
    hits = tuple(hit(s, 5, attempt=attempt(s), absence=not options) for s in two)
    health = CaptureHealth(one_way={"D1": "only the phone's direction of D1 was captured"})
    found, not_judged = judge_with((rule("service-no-reply", *hits, **options),), scene(a, b, health=health))
    assert [f.devices for f in found] == [("D2",)]
    assert [(n.code, n.devices, n.reason) for n in not_judged] == [("service-no-reply", ("D1",), "only the phone's direction of D1 was captured")]


def test_one_direction_of_the_whole_capture(two):
    a, b = two
    health = CaptureHealth(one_way={"*": "one direction"})
    found, not_judged = judge_with((rule("hairpin-no-reply", hit(a, absence=True), hit(b, absence=True)),), scene(a, b, health=health))
    assert found == ()
    assert not_judged[0].devices == ("D1", "D2")


def test_one_direction_of_this_very_conversation(two):
    a, _ = two
    half = connection(forward=side(last_ack=5000), reverse=side(packets=0, bytes=0))
    found, not_judged = judge_with((rule("hairpin-stalled", hit(a, attempt=attempt(a, connection=half), absence=True)),), scene(a))
    assert (found, len(not_judged)) == ((), 1)


def test_what_may_not_be_said_hides_nothing(two):
    a, _ = two
    at = attempt(a)
    health = CaptureHealth(one_way={"*": "one direction"})
    found, _ = judge_with(
        (rule("tls-handshake-failed", hit(a, 5, attempt=at)), rule("dns-timeout", hit(a, 2, attempt=at, absence=True))), scene(a, health=health)
    )
    assert [f.code for f in found] == ["tls-handshake-failed"]


def test_what_rules_cannot_judge_is_joined():
    _, not_judged = judge_with(
        (
            rule("a", Unjudged(("D1",), "why")),
            rule("b", Unjudged(("D2",), "TLS 1.3", "untrusted-*"), Unjudged(("D1", "D2"), "TLS 1.3", "untrusted-*")),
        ),
        scene(),
    )
    assert [(n.code, n.devices) for n in not_judged] == [("a", ("D1",)), ("untrusted-*", ("D2", "D1"))]


# ---------------------------------------------------------------- limits, bugs


def test_more_findings_than_the_limit_are_counted(two):
    a, _ = two
    problems = []
    many = tuple(hit(a, n, (n,)) for n in range(1, FINDINGS_PER_RULE_DEVICE + 31))
    found, _ = judge_with((rule("dns-timeout", *many),), scene(a), problems)
    assert len(found) == FINDINGS_PER_RULE_DEVICE
    assert [(p.code, p.count) for p in problems] == [("limit-reached", 30)]


def broken(_):
    yield hit(None, 1)
    raise KeyError("secret of a packet")


def test_a_bug_in_one_rule_costs_no_other(two, monkeypatch):
    monkeypatch.delenv("PCAPKIT_STRICT", raising=False)
    bad, problems = rule("capture-drops"), []
    bad.over_scene(broken)
    found, _ = judge_with((bad, rule("capture-snaplen", hit(None, 2))), scene(), problems)
    assert [f.code for f in found] == ["capture-drops", "capture-snaplen"]
    assert [(p.code, p.detail) for p in problems] == [("internal-error", "rule capture-drops: KeyError")]


def test_strict_raises_it(monkeypatch):
    monkeypatch.setenv("PCAPKIT_STRICT", "1")
    bad = rule("capture-drops")
    bad.over_scene(broken)
    with pytest.raises(KeyError):
        judge_with((bad,), scene())


def test_thousands_of_failures_of_one_session_cost_little(two):
    a, _ = two
    hits = tuple(hit(a, n, (n,), attempt=attempt(a, name=f"n{n}.contoso.com")) for n in range(1, 3000))
    found, _ = judge_with((rule("tls-rejected-by-client", *hits), rule("cert-expired", *(replace(h) for h in hits))), scene(a), [])
    assert {f.code for f in found} == {"cert-expired"}
