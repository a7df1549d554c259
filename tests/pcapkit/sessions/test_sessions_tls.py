"""A TLS conversation as one object: what was chosen, resumed, borrowed and judged."""

import pytest
from pcapkit_dissectors.messages import ChangeCipherSpec, Encrypted, ServerHello
from scenes import World

NAME, SERVER = "lyncdiscover.contoso.com", "203.0.113.50"


@pytest.fixture
def world():
    return World()


@pytest.fixture
def phone(world):
    return world.phone().lookup(NAME, SERVER)


def tls_of(world, index=-1):
    return world.scene().sessions[0].attempts[index].tls


def test_a_handshake_in_clear(world, phone):
    phone.https(SERVER, NAME)
    tls = tls_of(world)
    assert (tls.sni, tls.version, tls.chain, tls.resumed, tls.accepted, tls.decrypted) == (NAME, 0x0303, (b"public",), False, True, False)
    assert (tls.verdict.status, tls.verdict.name, tls.chain_borrowed) == ("public", NAME, False)
    assert [kind for _, _, kind in tls.handshake] == [14, 16]


def test_tls_13_shows_no_chain(world, phone):
    phone.https(SERVER, NAME, version=0x0304)
    tls = tls_of(world)
    assert (tls.version, tls.chain, tls.verdict, tls.accepted) == (0x0304, (), None, True)


def test_a_chain_is_borrowed_from_the_same_server_and_name(world, phone):
    phone.https(SERVER, NAME, chain="private")
    phone.https(SERVER, NAME, version=0x0304)
    phone.https(SERVER, "webext.contoso.com", version=0x0304)
    tls = tls_of(world, 1)
    assert (tls.chain_borrowed, tls.verdict.status) == (True, "private")
    assert tls.chain_ref == tls_of(world, 0).chain_ref


def test_resumption_by_session_id(world, phone):
    talk = phone.connect(SERVER).hello(NAME)
    talk.say(ServerHello(0x0303, 0x0303, 0xC02F, (), "ja3s", False, b"s" * 32), 1)
    talk.say(ChangeCipherSpec(), 1)
    talk.say(Encrypted(22, 40), 1)
    talk.say(ChangeCipherSpec())
    talk.say(Encrypted(22, 40))
    talk.appdata()
    tls = tls_of(world)
    assert tls.resumed
    assert not tls.chain


def test_resumption_in_tls_13(world, phone):
    phone.connect(SERVER).hello(NAME).server_flight(None, 0x0304, psk=True).finish(0x0304).appdata()
    assert tls_of(world).resumed


def test_a_retry_request_is_not_the_servers_choice(world, phone):
    talk = phone.connect(SERVER).hello(NAME)
    talk.say(ServerHello(0x0303, 0x0304, 0x1301, (), "ja3s", True), 1)
    talk.hello(NAME).server_flight(None, 0x0304).finish(0x0304).appdata()
    tls = tls_of(world)
    assert tls.version == 0x0304
    assert not tls.server_hello.hello_retry


def test_the_name_of_the_look_up_stands_in_for_a_missing_sni(world, phone):
    phone.connect(SERVER).tls(None).appdata()
    (session,) = world.scene().sessions
    attempt = session.attempts[0]
    assert (attempt.name, attempt.tls.sni, attempt.tls.verdict.name) == (NAME, None, NAME)


def test_issuers_of_all_chains_are_learnt(world, phone):
    from pcapkit_dissectors.messages import Certificate

    talk = phone.connect("198.51.100.1").hello("www.example.org")
    talk.say(Certificate(("aa", "bb"), (1, 1), (b"public", b"issuer")), 1)
    world.scene()
    assert world.trust.learnt == [b"issuer"]


def test_chains_of_servers_outside_the_sessions_are_kept(world, phone):
    phone.https("198.51.100.1", "www.example.org", chain="private-too")
    phone.https(SERVER, NAME, chain="public")
    assert [(s.name, s.server) for s in world.scene().strangers] == [("www.example.org", "198.51.100.1")]
