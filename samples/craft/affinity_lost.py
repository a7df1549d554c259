"""The load balancer forgets its own cookie: a request that carries MS-WSMAN lands on another front end, which sets a new one."""

from kit import Answer, Company, Tape

MCX = "/Mcx/McxService.svc"


def _told(server: str, cookie: str | None) -> Answer:
    headers = {"X-MS-Server-Fqdn": server} | ({"Set-Cookie": f"MS-WSMAN={cookie}; path=/"} if cookie else {})
    return Answer(200, "{}", "application/json", headers)


def _polls(answers: tuple[Answer, ...]) -> Tape:
    site = Company(keys=True)
    phone = site.android()
    phone.joins()
    phone.asks_root()
    phone.signs_in()
    with phone.https("webext", lookup=False) as web:
        web.post(MCX, _told("fe01.contoso.com", "a61c0f9e"))
        for answer in answers:
            site.tape.wait(2)
            web.post(MCX, answer, Cookie="MS-WSMAN=a61c0f9e")
    return site.tape


def craft() -> Tape:
    return _polls((_told("fe02.contoso.com", "77d2e01b"), _told("fe01.contoso.com", "0b54ac93")))


def healthy() -> Tape:
    return _polls((_told("fe01.contoso.com", None), _told("fe01.contoso.com", None)))
