"""Nothing that a packet says breaks the scene."""

from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors.messages import Dns, ExchangeAnswer, ExchangeRequest, Link, LyncAnswer, Record, Unreadable
from scenes import RESOLVER, World

label = st.sampled_from(
    ["lyncdiscover", "lyncdiscoverinternal", "autodiscover", "_autodiscover", "_tcp", "_sip", "_tls", "sip", "sts", "contoso", "com", "co", "uk", "www",
     "", "xn--", "xn--80ak6aa92e", "ü", "\u202e", "\x00", "a" * 70, "1", "10", "*", "[", "@", "%", " ", "\ud800", "K\u0130"]
)  # fmt: skip
name = st.lists(label, min_size=0, max_size=5).map(".".join)
address = st.sampled_from(["10.0.0.10", "203.0.113.50", "0.0.0.0", "255.255.255.255", "::", "fe80::1", "2001:db8::1", "224.0.0.1", "127.0.0.1"])
url = st.builds(
    lambda scheme, host, path: scheme + host + path, st.sampled_from(["https://", "http://", "", "//", "https://[", "ht!tp:"]), name, name
)
record = st.one_of(
    st.builds(Record, name, st.just("A"), st.integers(0, 2**31), address),
    st.builds(Record, name, st.just("CNAME"), st.just(60), name),
    st.builds(Record, name, st.just("SRV"), st.just(60), st.one_of(name, st.builds("0 0 {} {}".format, st.integers(), name))),
    st.builds(Record, name, st.just("TXT"), st.just(60), st.just(("x", "y"))),
)
answer = st.one_of(
    st.builds(
        LyncAnswer, st.just("xml"), st.sampled_from([None, "Internal", "External", "\u202e"]), st.sampled_from([None, "root", "user"]),
        st.lists(st.builds(Link, st.sampled_from(["User", "Redirect", "Internal/Mcx", "External/Ucwa", ""]), url), max_size=4).map(tuple),
        st.lists(st.tuples(st.just("SipClientExternalAccess"), name, st.none()), max_size=2).map(tuple),
    ),
    st.builds(ExchangeAnswer, st.just("outlook"), st.sampled_from(["settings", "redirect_url", "error"]), st.just((("EWS", "https://["),)), url),
    st.builds(Unreadable, st.just("x"), st.booleans()),
)  # fmt: skip
step = st.one_of(
    st.tuples(
        st.just("dns"), name, st.lists(record, max_size=4), st.sampled_from(["A", "AAAA", "SRV", "HTTPS", "TYPE99"]), st.sampled_from([0, 2, 3, 5, 9])
    ),
    st.tuples(st.just("tls"), name, address),
    st.tuples(st.just("http"), name, address, url, answer, st.sampled_from([0, 200, 302, 401, 403, 500, 999])),
    st.tuples(st.just("syn"), address),
    st.tuples(st.just("wait"), st.integers(-200, 200)),
)


def play(world, phone, steps):
    for number, move in enumerate(steps):
        match move:
            case ("dns", asked, records, qtype, rcode):
                phone._ask(asked, qtype, RESOLVER, number, 5_000)
                reply = Dns("dns", number, 0, True, rcode, False, asked, qtype, ((asked, qtype),), tuple(records))
                world.tell(reply, RESOLVER, phone.ip, 53, 5_000)
            case ("tls", sni, server):
                phone.https(server, sni)
            case ("http", host, server, uri, document, status):
                asked = ExchangeRequest("outlook", host + "@" + host, None)
                phone.connect(server, 80).exchange(
                    "POST", uri, host, status, document, asked=asked, location=uri, www_authenticate=("Bearer href=" + uri,)
                )
            case ("syn", server):
                phone.syn(server)
            case ("wait", seconds):
                world.wait(seconds)


@settings(max_examples=80, deadline=None)
@given(st.lists(step, max_size=12))
def test_any_talk_gives_a_scene(steps):
    world = World()
    play(world, world.phone(), steps)
    scene = world.scene()
    for session in scene.sessions:
        assert session.domain
        assert session.summary
        assert all(s.outcome in ("ok", "failed", "unknown") for s in session.steps)
        assert session.first_time_ns <= session.last_time_ns or any(m[0] == "wait" and m[1] < 0 for m in steps)
    assert [s.id for s in scene.sessions] == [f"S{n}" for n in range(1, len(scene.sessions) + 1)]
