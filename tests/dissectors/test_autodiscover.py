from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pcapkit_dissectors._limits import DOC_BYTES, DOC_LINKS, JSON_DEPTH, XML_DEPTH, XML_NODES
from pcapkit_dissectors.autodiscover import is_discovery, read_answer, read_request
from pcapkit_dissectors.http1 import DISSECTOR
from pcapkit_dissectors.messages import ExchangeAnswer, ExchangeRequest, HttpRequest, HttpResponse, Link, LyncAnswer, Unreadable
from properties import messages, mutated, run

RTC_XML = "application/vnd.microsoft.rtc.autodiscover+xml; v=1"
ROOT = "/Autodiscover/AutodiscoverService.svc/root"
MOBILE = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"


def request(uri: str, host: str = "lyncdiscover.example.com", method: str = "GET", body: bytes | None = None) -> HttpRequest:
    return HttpRequest(method, uri, "HTTP/1.1", host, None, "text/xml" if body else None, len(body or b""), raw_body=body)


def response(body: bytes | str, content_type: str | None = "application/json", status: int = 200, **more: Any) -> HttpResponse:
    data = body.encode() if isinstance(body, str) else body
    facts = {"body_len": len(data) or None, "body_sha256": "0" * 64 if data else None, "raw_body": data or None} | more
    return HttpResponse(status, "", "HTTP/1.1", content_type, None, None, (), len(data), **facts)


def lync(body: bytes | str, content_type: str = "application/json", uri: str = ROOT) -> LyncAnswer:
    answer = read_answer(request(uri), response(body, content_type))
    assert isinstance(answer, LyncAnswer)
    return answer


def exchange(body: str, uri: str = "/autodiscover/autodiscover.xml", status: int = 200, content_type: str = "text/xml") -> ExchangeAnswer:
    answer = read_answer(request(uri, "autodiscover.example.com", "POST", b"<x/>"), response(body, content_type, status))
    assert isinstance(answer, ExchangeAnswer)
    return answer


# ---------------------------------------------------------------- Lync: answers as servers give them

F1 = (
    '<AutodiscoverResponse AccessLocation="External"><Root><Link token="Redirect" '
    'href="https://webext.example.com/Autodiscover/AutodiscoverService.svc/root?originalDomain=example.com"/></Root></AutodiscoverResponse>'
)
F2 = r"""{"AccessLocation":"Internal","Domain":{"Links":[{"href":"https:\/\/webint.example.com\/Autodiscover\/AutodiscoverService.svc\/root",
"token":"Internal\/Autodiscover"},{"href":"https:\/\/webext.example.com\/Mcx\/McxService.svc","token":"Internal\/Mcx"},
{"href":"https:\/\/webext.example.com\/Mcx\/McxService.svc","token":"External\/Mcx"}],
"SipClientExternalAccess":{"fqdn":"sip.example.com","port":"443"},"SipClientInternalAccess":{"fqdn":"pool.example.com","port":"5061"},
"SipServerExternalAccess":null,"SipServerInternalAccess":{"fqdn":"pool.example.com","port":"5061"}}}"""


def test_f1_a_root_that_only_redirects() -> None:
    asked = b"GET /?sipuri=sip:anna@example.com HTTP/1.1\r\nHost: lyncdiscover.example.com\r\n\r\n"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {RTC_XML}\r\nX-MS-Server-Fqdn: fe01.corp.example.net\r\nContent-Length: {len(F1)}\r\n\r\n"
    sent, given_back = messages(run(DISSECTOR, [(0, asked), (1, head.encode() + F1.encode())], full=False))
    assert isinstance(sent, HttpRequest)
    assert isinstance(given_back, HttpResponse)
    target = "https://webext.example.com/Autodiscover/AutodiscoverService.svc/root?originalDomain=example.com"
    assert read_answer(sent, given_back) == LyncAnswer("xml", "External", "root", (Link("Redirect", target),))


def test_f2_a_healthy_domain_in_json() -> None:
    answer = lync(F2)
    assert (answer.form, answer.access_location, answer.resource, answer.faults) == ("json", "Internal", "domain", ())
    assert answer.links[1] == Link("Internal/Mcx", "https://webext.example.com/Mcx/McxService.svc")
    assert answer.sip == (
        ("SipServerInternalAccess", "pool.example.com", 5061),
        ("SipClientInternalAccess", "pool.example.com", 5061),
        ("SipClientExternalAccess", "sip.example.com", 443),
    )


def test_f3_an_internal_host_is_read_as_it_is() -> None:
    answer = lync(F2.replace("webext", "webint"))
    assert (answer.links[1].href, answer.faults) == ("https://webint.example.com/Mcx/McxService.svc", ())


def test_f4_hrefs_that_nobody_can_follow() -> None:
    links = [("Internal/Ucwa", "webint.example.com/Ucwa/Discovery"), ("Internal/Mcx", "https://WEBINT/Mcx/McxService.svc"), ("Ucwa", "")]
    links += [("External/Mcx", "http://webext.example.com/Mcx/McxService.svc"), ("User", "https:///root/user")]
    document = {"AccessLocation": "Internal", "User": {"Links": [{"token": token, "href": href} for token, href in links]}}
    assert lync(json.dumps(document)).faults == (
        "Internal/Ucwa: href without scheme",
        "Internal/Mcx: single-label host webint",
        "Ucwa: empty href",
        "External/Mcx: http instead of https",
        "User: href without host",
    )


@pytest.mark.parametrize(("opening", "closing"), [("“", "”"), ("″", "″"), ("„", "“")])
def test_f5_typographic_quotes_are_read_and_told(opening: str, closing: str) -> None:
    parts = F2.split('"')
    curly = "".join(part + (opening if at % 2 == 0 else closing) for at, part in enumerate(parts[:-1])) + parts[-1]
    assert lync(curly) == LyncAnswer(
        **{name: getattr(lync(F2), name) for name in ("form", "access_location", "resource", "links", "sip")}, faults=("typographic quotes",)
    )
    xml = F1.replace('"', opening)
    assert lync(xml, RTC_XML).faults == ("typographic quotes",)
    assert lync(xml, RTC_XML).links == lync(F1, RTC_XML).links


def test_typographic_quotes_in_a_byte_charset() -> None:
    assert lync(F1.replace('"', "“").encode("cp1252"), RTC_XML).faults == ("bytes that are not in its charset", "typographic quotes")


def test_xml_of_a_domain_with_sip_servers_and_any_order_of_attributes() -> None:
    xml = (
        '<?xml version="1.0" encoding="utf-8"?><AutodiscoverResponse xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns="http://example.com/any" '
        'AccessLocation="Internal"><Domain><SipServerInternalAccess port="5061" fqdn="pool.example.com"/><SipServerExternalAccess/>'
        '<Link href="https://webext.example.com/Mcx/McxService.svc" token="Internal/Mcx"/></Domain></AutodiscoverResponse>'
    )
    answer = lync(xml, RTC_XML)
    assert (answer.resource, answer.links, answer.faults) == ("domain", (Link("Internal/Mcx", "https://webext.example.com/Mcx/McxService.svc"),), ())
    assert answer.sip == (("SipServerInternalAccess", "pool.example.com", 5061),)


@pytest.mark.parametrize(
    ("links", "resource", "faults"),
    [
        ({"self": "a", "user": "b", "xframe": "c"}, "root", ()),
        ({"redirect": "a"}, "root", ()),
        ({"self": "a", "applications": "b", "xframe": "c"}, "applications", ()),
        ({"self": "a"}, None, ("no link to user, redirect or applications",)),
    ],
)
def test_hal(links: dict[str, str], resource: str | None, faults: tuple[str, ...]) -> None:
    document = {"_links": {token: {"href": f"https://webext.example.com/{path}"} for token, path in links.items()}}
    answer = lync(json.dumps(document))
    assert (answer.form, answer.access_location, answer.resource, answer.faults) == ("hal", None, resource, faults)
    assert answer.links == tuple(Link(token, f"https://webext.example.com/{path}") for token, path in links.items())


@pytest.mark.parametrize(
    ("root", "fault"),
    [
        ({"Root": {"Links": [{"token": "User", "href": "https://webext.example.com/user"}]}}, "Root without Redirect, or User and Domain"),
        ({"Root": {"Links": []}}, "Root without links"),
        ({"Root": {}}, "Root without links"),
        ({}, "no Root, Domain or User"),
        ({"User": {"Links": [{"href": "https://webext.example.com/"}]}}, "link without token"),
    ],
)
def test_what_an_answer_lacks(root: dict[str, object], fault: str) -> None:
    assert lync(json.dumps({"AccessLocation": "External"} | root)).faults == (fault,)


def test_f6_a_challenge_is_no_document() -> None:
    assert read_answer(request(ROOT + "/oauth/user"), response("", None, 401)) is None


# ---------------------------------------------------------------- Exchange: fixtures F7-F9


def test_f7_mobilesync_request_answer_and_error() -> None:
    schema = MOBILE
    asked = (
        '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"><Request>'
        f"<EMailAddress>anna@example.com</EMailAddress><AcceptableResponseSchema>{schema}</AcceptableResponseSchema></Request></Autodiscover>"
    )
    sent = request("/autodiscover/autodiscover.xml", "autodiscover.example.com", "POST", asked.encode())
    assert read_request(sent) == ExchangeRequest("pox-mobilesync", "anna@example.com", schema)
    begin = f'<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"><Response xmlns="{schema}">'
    url = "https://mail.example.com/Microsoft-Server-ActiveSync"
    good = f"<Culture>en:us</Culture><Action><Settings><Server><Type>MobileSync</Type><Url>{url}</Url><Name>{url}</Name></Server></Settings></Action>"
    end = "</Response></Autodiscover>"
    assert exchange(begin + good + end) == ExchangeAnswer("pox-mobilesync", "settings", (("MobileSync", url),))
    assert exchange(begin + good.replace(f"<Url>{url}</Url>", "") + end).faults == ("no ActiveSync URL",)
    moved = "<Action><Redirect>anna@example.net</Redirect></Action>"
    assert exchange(begin + moved + end) == ExchangeAnswer("pox-mobilesync", "redirect_addr", redirect="anna@example.net")
    failed = "<Action><Error><Status>1</Status><Message>Not in the directory</Message></Error></Action>"
    assert exchange(begin + failed + end) == ExchangeAnswer("pox-mobilesync", "error", error_code="1", error_message="Not in the directory")
    error = '<Error Time="16:56:32.6" Id="1054084152"><ErrorCode>600</ErrorCode><Message>Invalid Request</Message><DebugData/></Error>'
    assert exchange(begin + error + end) == ExchangeAnswer("pox", "error", error_code="600", error_message="Invalid Request")


def test_f8_an_activesync_redirect_is_no_document() -> None:
    sent = request("/Microsoft-Server-ActiveSync?Cmd=Sync", "mail.example.com", "POST")
    assert read_answer(sent, response("", None, 451)) is None
    assert not is_discovery(sent.uri, sent.host)


def test_f9_version_two() -> None:
    uri = "/autodiscover/autodiscover.json/v1.0/anna@example.com?Protocol=ActiveSync"
    assert read_request(request(uri, "autodiscover.example.com")) == ExchangeRequest("v2", "anna@example.com", "ActiveSync")
    body = '{"Protocol":"ActiveSync","Url":"https://mail.example.com/Microsoft-Server-ActiveSync"}'
    url = "https://mail.example.com/Microsoft-Server-ActiveSync"
    assert exchange(body, uri, content_type="application/json") == ExchangeAnswer("v2", "settings", (("ActiveSync", url),))
    error = '{"ErrorCode":"UserNotFound","ErrorMessage":"The given user is not found"}'
    answer = ExchangeAnswer("v2", "error", error_code="UserNotFound", error_message="The given user is not found")
    assert exchange(error, uri, 404, "application/json") == answer


def test_version_two_with_the_address_in_the_query() -> None:
    asked = request("/Autodiscover/Autodiscover.json?Email=anna%40example.com&Protocol=Ews&RedirectCount=1", "example.com")
    assert read_request(asked) == ExchangeRequest("v2", "anna@example.com", "Ews")


@pytest.mark.parametrize(
    ("account", "answer"),
    [
        (
            "<Action>settings</Action><Protocol><Type>EXCH</Type><Server>x</Server><ASUrl>https://mail.example.com/EWS/Exchange.asmx</ASUrl></Protocol>"
            "<Protocol><Type>WEB</Type><External><OWAUrl>https://mail.example.com/owa</OWAUrl></External></Protocol>",
            ExchangeAnswer(
                "pox-outlook",
                "settings",
                (("EXCH/ASUrl", "https://mail.example.com/EWS/Exchange.asmx"), ("WEB/OWAUrl", "https://mail.example.com/owa")),
            ),
        ),
        (
            "<Action>redirectUrl</Action><RedirectUrl>https://autodiscover.example.net/autodiscover/autodiscover.xml</RedirectUrl>",
            ExchangeAnswer("pox-outlook", "redirect_url", redirect="https://autodiscover.example.net/autodiscover/autodiscover.xml"),
        ),
        (
            "<Action>redirectAddr</Action><RedirectAddr>anna@example.net</RedirectAddr>",
            ExchangeAnswer("pox-outlook", "redirect_addr", redirect="anna@example.net"),
        ),
        ("<Action>redirectUrl</Action>", ExchangeAnswer("pox-outlook", "redirect_url", faults=("redirect without target",))),
        ("<AccountType>email</AccountType>", ExchangeAnswer("pox-outlook", "settings", faults=("Account without a known Action",))),
    ],
)
def test_outlook_schema(account: str, answer: ExchangeAnswer) -> None:
    assert exchange(f"<Autodiscover><Response><Account>{account}</Account></Response></Autodiscover>") == answer


@pytest.mark.parametrize("body", ["<Autodiscover/>", "<Autodiscover><Response/></Autodiscover>"])
def test_answers_that_say_nothing(body: str) -> None:
    assert exchange(body).action == "error"
    assert exchange(body).faults


def soap(inner: str) -> str:
    return f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{inner}</s:Body></s:Envelope>'


def user_settings(response_code: str, inner: str) -> str:
    users = f"<UserResponses><UserResponse><ErrorCode>{response_code}</ErrorCode>{inner}</UserResponse></UserResponses>"
    return soap(f"<GetUserSettingsResponseMessage><Response><ErrorCode>NoError</ErrorCode>{users}</Response></GetUserSettingsResponseMessage>")


def test_soap() -> None:
    setting = "<UserSettings><UserSetting><Name>ExternalEwsUrl</Name><Value>https://mail.example.com/EWS</Value></UserSetting></UserSettings>"
    svc = "/autodiscover/autodiscover.svc"
    assert exchange(user_settings("NoError", setting), svc) == ExchangeAnswer(
        "soap", "settings", (("ExternalEwsUrl", "https://mail.example.com/EWS"),)
    )
    moved = user_settings("RedirectUrl", "<RedirectTarget>https://autodiscover.example.net/</RedirectTarget>")
    assert exchange(moved, svc) == ExchangeAnswer("soap", "redirect_url", redirect="https://autodiscover.example.net/")
    failed = user_settings("InvalidUser", "<ErrorMessage>no such user</ErrorMessage>")
    assert exchange(failed, svc) == ExchangeAnswer("soap", "error", error_code="InvalidUser", error_message="no such user")
    fault = soap("<s:Fault><faultcode>s:Client</faultcode><faultstring>refused</faultstring></s:Fault>")
    assert exchange(fault, svc) == ExchangeAnswer("soap", "error", error_code="s:Client", error_message="refused")
    asked = soap(
        "<GetUserSettingsRequestMessage><Request><Users><User><Mailbox>anna@example.com</Mailbox></User></Users></Request></GetUserSettingsRequestMessage>"
    )
    assert read_request(request(svc, method="POST", body=asked.encode())) == ExchangeRequest("soap", "anna@example.com", None)


# ---------------------------------------------------------------- what is no document


@pytest.mark.parametrize(
    ("body", "content_type", "html"),
    [
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "text/html", True),
        ('\n<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "x"><html xmlns="y"/>', "application/xhtml+xml", True),
        ("<center>Welcome", "text/html", True),
        ("<html>", None, True),
        ("hello", "text/plain", False),
        ("", "text/xml", False),
        ("<Something/>", "text/xml", False),
        ("<AutodiscoverResponse", "text/xml", False),
        ('{"a": 1}', "application/json", False),
        ('{"a": NaN}', "application/json", False),
        ("[1]", "application/json", False),
        ('<!DOCTYPE x [<!ENTITY a "b">]><AutodiscoverResponse/>', "text/xml", False),
    ],
)
def test_unreadable_answers(body: str, content_type: str | None, html: bool) -> None:
    answer = read_answer(request(ROOT), response(body, content_type))
    assert isinstance(answer, Unreadable)
    assert answer.html is html
    assert answer.reason


def test_a_document_type_is_refused_by_name() -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb">]><AutodiscoverResponse AccessLocation="&b;"/>'
    assert read_answer(request(ROOT), response(bomb, RTC_XML)) == Unreadable("has a document type")
    hidden = f"<!-- <a --> {bomb}"
    assert isinstance(read_answer(request(ROOT), response(hidden, RTC_XML)), Unreadable)


def test_a_readable_answer_with_the_wrong_label_is_read_and_told() -> None:
    assert lync(F1, "text/html; charset=utf-8").faults == ("content type text/html",)
    assert lync(F1, 'text/xml; charset="x-evil"').faults == ("unknown charset label",)
    assert lync(F1.encode("utf-16"), "text/xml; charset=utf-16").faults == ()
    assert lync(b'<?xml version="1.0" encoding="iso-8859-1"?>' + F1.encode(), "text/xml").faults == ()


@pytest.mark.parametrize("status", [302, 401, 404, 500])
def test_pages_of_errors_are_not_documents(status: int) -> None:
    assert read_answer(request(ROOT), response("<html>error</html>", "text/html", status)) is None


def test_other_requests_and_methods_are_none() -> None:
    assert read_answer(request("/owa", "mail.example.com"), response(F1, "text/xml")) is None
    assert read_answer(request(ROOT, method="HEAD"), response("", RTC_XML)) is None
    assert read_answer(request(ROOT), response("", None, 100)) is None
    assert read_request(request("/owa", "mail.example.com")) is None
    assert read_request(request("/autodiscover/autodiscover.xml", body=b"<x")) is None
    assert read_request(request("/autodiscover/autodiscover.xml", body=b"<x/>")) is None


@pytest.mark.parametrize(
    ("body", "content_type", "kind"),
    [
        (F1, "text/xml", LyncAnswer),
        (F2, "application/json", LyncAnswer),
        ('{"_links":{"user":{"href":"https://a.example.com/Autodiscover/AutodiscoverService.svc/root/user"}}}', "application/json", LyncAnswer),
        ('{"_links":{"user":{"href":"https://api.example.com/users/1"}}}', "application/json", type(None)),
        ('{"ErrorCode":"5"}', "application/json", type(None)),
        ("<Autodiscover><Response><Error><ErrorCode>600</ErrorCode></Error></Response></Autodiscover>", "text/xml", ExchangeAnswer),
        ("<html>page</html>", "text/html", type(None)),
    ],
)
def test_an_answer_whose_request_was_not_seen_must_be_certain(body: str, content_type: str, kind: type) -> None:
    assert isinstance(read_answer(None, response(body, content_type)), kind)


def test_a_body_that_is_not_whole_says_so() -> None:
    cut = response(F1[:40], RTC_XML, body_sha256=None, body_note="the rest was not captured")
    assert read_answer(request(ROOT), cut) == Unreadable("the rest was not captured")


# ---------------------------------------------------------------- bounds


def test_depth_is_bounded_before_the_parser() -> None:
    deep = '{"AccessLocation":"External","x":' + "[" * JSON_DEPTH + "]" * JSON_DEPTH + "}"
    assert read_answer(request(ROOT), response(deep)) == Unreadable(f"more than {JSON_DEPTH} levels")
    quoted = '{"AccessLocation":"External","x":"' + "[" * 1000 + '\\"[\\\\","y":"["}'
    assert lync(quoted).access_location == "External"
    tall = "<a>" * (XML_DEPTH + 1) + "</a>" * (XML_DEPTH + 1)
    assert read_answer(request(ROOT), response(tall, "text/xml")) == Unreadable(f"more than {XML_DEPTH} levels")
    wide = "<a>" + "<b/>" * XML_NODES + "</a>"
    assert read_answer(request(ROOT), response(wide, "text/xml")) == Unreadable(f"more than {XML_NODES} elements")


def test_size_is_bounded() -> None:
    for long in ("<a>" + " " * DOC_BYTES, '{"a":"' + "b" * DOC_BYTES + '"}'):
        assert read_answer(request(ROOT), response(long)) == Unreadable(f"more than {DOC_BYTES} bytes")


def test_links_are_bounded_and_told() -> None:
    links = [{"token": "User", "href": "https://webext.example.com/"}] * (DOC_LINKS + 1)
    answer = lync(json.dumps({"AccessLocation": "External", "User": {"Links": links}}))
    assert (len(answer.links), answer.faults) == (DOC_LINKS, (f"more than {DOC_LINKS} links",))


def test_half_surrogates_do_not_survive() -> None:
    answer = lync('{"AccessLocation":"\\ud800","_links":{"user\\udfff":{"href":"https://webext.example.com/\\udc00"}}}')
    assert (answer.access_location, answer.links) == ("\\ud800", (Link("user\\udfff", "https://webext.example.com/\\udc00"),))


SAMPLES = [F1.encode(), F2.encode(), user_settings("NoError", "").encode(), b'{"_links":{"user":{"href":"x"}}}', b'{"Protocol":"Ews","Url":null}']


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.binary(max_size=200), mutated(SAMPLES)), st.sampled_from([None, RTC_XML, "application/json; charset=utf-16", "text/html"]))
def test_nothing_is_raised(body: bytes, content_type: str | None) -> None:
    read_answer(request(ROOT), response(body, content_type))
    read_answer(None, response(body, content_type))
    read_request(request("/autodiscover/autodiscover.xml", method="POST", body=body))


@settings(max_examples=100, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
    st.sampled_from(["AccessLocation", "Root", "Domain", "User", "Links", "_links", "href", "token", "Url", "Protocol", "ErrorCode", "SipClientInternalAccess", "fqdn"]),
    inner, max_size=4), max_leaves=12))  # fmt: skip
def test_members_of_any_kind(document: object) -> None:
    read_answer(request(ROOT), response(json.dumps({"Root": document, "_links": document} if document else {"x": document})))
    read_answer(request(ROOT), response(json.dumps(document)))


def test_every_prefix_is_unreadable_or_an_answer() -> None:
    for sample in SAMPLES:
        for size in range(len(sample)):
            assert read_answer(request(ROOT), response(sample[:size])) is not None
