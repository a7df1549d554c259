"""Observations as lines of ``pcapkit dissect``: contract names, no secrets, nothing raw."""

import json
from dataclasses import fields

import pytest
from pcapkit_dissectors import messages as m
from pcapkit_dissectors._api import Event, Handover, Malformed

from pcapkit.events import as_dict, connection_dict, shown_url
from pcapkit.flows.connections import Ends, TcpSummary
from pcapkit.flows.facts import Observation

SECRET = "s3cr3t-value"


def line(message, complete=True, duplicate=False, **event):
    seen = Event(message, 0, (3, 5), 1_750_000_000_000_000_005, complete, **event)
    return as_dict(Observation(0, 6, "10.20.0.31", "198.51.100.20", 50000, 443, "tcp", None, None, seen, duplicate))


def test_what_every_line_has():
    assert line(m.Alert(2, 48)) == {
        "type": "tls.alert", "capture": 0, "frame": 5, "frames": [3, 5], "time": "1750000000.000000005", "src": "10.20.0.31", "sport": 50000,
        "dst": "198.51.100.20", "dport": 443, "transport": "tcp", "flow": "T7", "level": 2, "description": 48,
    }  # fmt: skip


def test_marks_stand_only_where_they_apply():
    assert (
        line(m.Alert(2, 48), complete=False, duplicate=True, decrypted=True).items()
        >= {"complete": False, "duplicate": True, "decrypted": True}.items()
    )


def test_dns_answers_are_objects():
    records = (m.Record("a.example.com", "A", 60, "192.0.2.1"), m.Record("a.example.com", "TXT", 60, ("x", "y")))
    found = line(m.Dns("dns", 1, 0, True, 0, False, "a.example.com", "A", (("a.example.com", "A"),), records))
    assert found["answers"][1] == {"name": "a.example.com", "type": "TXT", "ttl": 60, "data": ["x", "y"]}
    assert found["questions"] == [["a.example.com", "A"]]
    assert line(m.Dns("mdns", 0, 0, True, 0, False, "", ""))["qname"] is None


def request(**changes):
    given = {
        "method": "GET",
        "uri": "/",
        "version": "HTTP/1.1",
        "host": "a.example.com",
        "user_agent": None,
        "content_type": None,
        "content_length": None,
    }
    return m.HttpRequest(**given | changes)


def test_a_message_without_body_has_an_empty_one():
    assert line(request())["body_len"] == 0
    assert line(request(body_note="not read"))["body_len"] is None


def test_nothing_raw_is_printed():
    secretive = request(
        uri=f"/x?user=anna&password={SECRET}&Cmd=Sync",
        raw_headers=(("Authorization", f"Basic {SECRET}"), ("Cookie", f"session={SECRET}")),
        raw_body=SECRET.encode(),
    )
    found = line(secretive)
    assert found["uri"] == "/x?user=anna&password=‹redacted›&Cmd=Sync"
    assert SECRET not in json.dumps(found)
    assert not any(name.startswith("raw_") for name in found)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("/a/b?c=d", "/a/b?c=d"),
        (f"https://anna:{SECRET}@a.example.com/x", "https://a.example.com/x"),
        (f"/?access_token={SECRET}", "/?access_token=‹redacted›"),
        (f"/#id_token={SECRET}&state=1", "/#id_token=‹redacted›&state=1"),
        (f"/?a=1&X-Amz-Signature={SECRET};b=2", "/?a=1&X-Amz-Signature=‹redacted›;b=2"),
        ("/passwords/list?page=2", "/passwords/list?page=2"),
        ("/?sipuri=sip:anna@example.com", "/?sipuri=sip:anna@example.com"),
        ("", ""),
    ],
)
def test_urls(given, shown):
    assert shown_url(given) == shown


def test_urls_in_documents_are_cleaned_too():
    answer = m.LyncAnswer("json", "Internal", "domain", (m.Link("Internal/Mcx", f"https://anna:{SECRET}@web.example.com/Mcx"),))
    found = line(answer)
    assert found["links"] == [{"token": "Internal/Mcx", "href": "https://web.example.com/Mcx"}]
    assert found["service"] == "lync"
    settings = m.ExchangeAnswer("pox", "settings", (("ews", f"https://x/?token={SECRET}"),), redirect=f"https://x/?sig={SECRET}")
    assert SECRET not in json.dumps(line(settings))


def test_bytes_are_hex_and_damage_is_a_problem():
    assert line(m.ServerHello(771, 771, 5, (), "", False, session_id=b"\x01\xff"))["session_id"] == "01ff"
    assert line(Malformed("tls", "no TLS record", 3, False))["type"] == "problem"
    assert line(Handover()) is None


def test_every_message_can_be_printed():
    """Whatever dissectors may say, its fields are of kinds that JSON knows."""
    for name in dir(m):
        kind = getattr(m, name)
        if isinstance(kind, type) and hasattr(kind, "TYPE"):
            given = {field.name: () if "tuple" in str(field.type) else None for field in fields(kind)}
            json.dumps(line(kind(**given)))


@pytest.mark.parametrize(("syn", "src"), [(True, "10.20.0.31"), (False, "198.51.100.20")])
def test_a_connection_names_who_spoke_first(syn, src):
    ends = Ends("tcp", "10.20.0.31", 50000, "198.51.100.20", 443)
    found = connection_dict(TcpSummary(0, ends, True, 4, 9, 10**9, 2 * 10**9, 6, 100, 200, syn, False, True, False), 1)
    assert (found["src"], found["bytes_fwd"], found["frame"], found["capture"]) == (src, 100 if syn else 200, 4, 1)
