"""A client on Mozilla's NSS, by its C interface: nss.py URL ROOTS. Exit code 0: the handshake succeeded and an answer came."""

from __future__ import annotations

import ctypes
import socket
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_int32, c_uint, c_uint16, c_void_p
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

nspr, nss, ssl = (ctypes.CDLL(name) for name in ("libnspr4.so", "libnss3.so", "libssl3.so"))
TRUSTED_CA = 0x80 | 0x10 | 0x08  # CERTDB_TRUSTED_CLIENT_CA, _TRUSTED_CA, _VALID_CA
SECURITY, HANDSHAKE_AS_CLIENT = 1, 5


class NetAddress(ctypes.Structure):
    """PRNetAddr, as an IPv4 address."""

    _fields_ = (("family", c_uint16), ("port", c_uint16), ("ip", ctypes.c_uint32), ("pad", ctypes.c_char * 100))


class Item(ctypes.Structure):
    """SECItem."""

    _fields_ = (("kind", c_int), ("data", c_char_p), ("length", c_uint))


class Trust(ctypes.Structure):
    """CERTCertTrust."""

    _fields_ = (("ssl", c_uint), ("mail", c_uint), ("signing", c_uint))


for library, name, result, arguments in (
    (nss, "NSS_NoDB_Init", c_int, [c_char_p]),
    (nss, "CERT_GetDefaultCertDB", c_void_p, []),
    (nss, "CERT_NewTempCertificate", c_void_p, [c_void_p, POINTER(Item), c_char_p, c_int, c_int]),
    (nss, "CERT_ChangeCertTrust", c_int, [c_void_p, c_void_p, POINTER(Trust)]),
    (ssl, "NSS_SetDomesticPolicy", c_int, []),
    (ssl, "SSL_ImportFD", c_void_p, [c_void_p, c_void_p]),
    (ssl, "SSL_OptionSet", c_int, [c_void_p, c_int32, c_int]),
    (ssl, "SSL_SetURL", c_int, [c_void_p, c_char_p]),
    (ssl, "SSL_ResetHandshake", c_int, [c_void_p, c_int]),
    (nspr, "PR_NewTCPSocket", c_void_p, []),
    (nspr, "PR_Connect", c_int, [c_void_p, POINTER(NetAddress), c_uint]),
    (nspr, "PR_Write", c_int32, [c_void_p, c_char_p, c_int32]),
    (nspr, "PR_Read", c_int32, [c_void_p, c_char_p, c_int32]),
    (nspr, "PR_Close", c_int, [c_void_p]),
    (nspr, "PR_MillisecondsToInterval", c_uint, [c_uint]),
):
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments


def trust(path: str) -> list[c_void_p]:
    """Take the roots of a PEM file for anchors; they must stay referenced."""
    kept = []
    with open(path, "rb") as pem:
        for cert in x509.load_pem_x509_certificates(pem.read()):
            der = cert.public_bytes(Encoding.DER)
            made = nss.CERT_NewTempCertificate(nss.CERT_GetDefaultCertDB(), byref(Item(0, der, len(der))), None, 0, 1)
            nss.CERT_ChangeCertTrust(nss.CERT_GetDefaultCertDB(), made, byref(Trust(TRUSTED_CA, 0, 0)))
            kept.append(made)
    return kept


def main() -> int:
    parts = urlsplit(sys.argv[1])
    host = parts.hostname or ""
    nss.NSS_NoDB_Init(None)
    ssl.NSS_SetDomesticPolicy()
    kept = trust(sys.argv[2])
    number = int.from_bytes(socket.inet_aton(socket.gethostbyname(host)), sys.byteorder)
    address = NetAddress(socket.AF_INET, socket.htons(parts.port or 443), number)
    stream = ssl.SSL_ImportFD(None, nspr.PR_NewTCPSocket())
    ssl.SSL_SetURL(stream, host.encode())
    if nspr.PR_Connect(stream, byref(address), nspr.PR_MillisecondsToInterval(4000)):
        return 2
    ssl.SSL_ResetHandshake(stream, 0)
    request = f"GET {parts.path or '/'}?{parts.query} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    sent = nspr.PR_Write(stream, request, len(request))
    buffer = ctypes.create_string_buffer(4096)
    got = nspr.PR_Read(stream, buffer, 4096) if sent == len(request) else -1
    nspr.PR_Close(stream)
    return 0 if got > 0 and kept else 1


raise SystemExit(main())
