"""The mail account has http:// typed into its server field: ActiveSync with a password that everybody on the path can read."""

from kit import Answer, Company, Tape, documents

PATH = f"{documents.ACTIVE_SYNC}?Cmd=Sync&User=joe&DeviceId=ApplDNPXJ3ZK9R2F&DeviceType=iPhone"
WBXML = "application/vnd.ms-sync.wbxml"


def craft() -> Tape:
    site = Company()
    phone = site.iphone()
    phone.joins()
    with phone.http("mail") as web:
        web.post(PATH, documents.basic_challenge(), "sync", Content_Type=WBXML)
        web.post(PATH, Answer(200, "", WBXML), "sync", Content_Type=WBXML, Authorization="Basic am9lQGNvbnRvc28uY29tOmV4YW1wbGU=")
    return site.tape


def healthy() -> Tape:
    site = Company(keys=True)
    phone = site.iphone()
    phone.joins()
    with phone.https("mail") as web:
        web.post(PATH, documents.basic_challenge(), "sync", Content_Type=WBXML)
        web.post(PATH, Answer(200, "", WBXML), "sync", Content_Type=WBXML, Authorization="Basic am9lQGNvbnRvc28uY29tOmV4YW1wbGU=")
    return site.tape
