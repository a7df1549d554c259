"""Exchange as it should be: the bare domain is a web site that knows nothing of mail, autodiscover asks for credentials and answers, ActiveSync follows."""

from kit import Answer, Company, Tape, documents, pki

BASIC = "Basic am9lQGNvbnRvc28uY29tOmV4YW1wbGU="


def craft() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    www = site.host("198.51.100.40", hops=11, rtt=0.017)
    site.zone["contoso.com"] = www.ip
    site.chains[www.ip] = pki.public("contoso.com", "www.contoso.com")
    phone.joins()
    with phone.https("contoso.com") as web:
        web.post(documents.EXCHANGE_PATH, Answer(404, "<h1>Not here</h1>"), documents.question(), Content_Type="text/xml")
    phone.asks_exchange()
    with phone.https("mail") as web:
        headers = {"MS-ASProtocolVersions": "2.5,12.0,12.1,14.0,14.1,16.0,16.1"}
        web.ask("OPTIONS", documents.ACTIVE_SYNC, documents.basic_challenge())
        web.ask("OPTIONS", documents.ACTIVE_SYNC, Answer(200, "", "text/plain", headers), Authorization=BASIC)
    return site.tape
