"""Did this key sign that certificate? A link of a chain is a signature that verifies, whatever its hash (docs/trust.md).

``verify_directly_issued_by`` of the library refuses SHA-1 and would make an old chain look broken, so the issuer's key is asked itself.
"""

from __future__ import annotations

import warnings
from enum import Enum
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, padding, rsa

from pcapkit.limits import RSA_BITS

EXPONENT_BITS: Final = 64
DSA_BITS: Final = 3072
"""Keys beyond these exist only to cost time."""


class Signed(Enum):
    """``UNKNOWN``: the algorithm, or the key's size, is beyond what we verify."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def signed_by(certificate: x509.Certificate, body: bytes, issuer: x509.Certificate) -> Signed:
    """Verify the signature of ``certificate`` over ``body`` (as it was sent) with the key of ``issuer``. Never raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return _verify(certificate, body, issuer)
    except InvalidSignature:
        return Signed.NO
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:
        return Signed.UNKNOWN


def _verify(certificate: x509.Certificate, body: bytes, issuer: x509.Certificate) -> Signed:
    key = issuer.public_key()
    signature = certificate.signature
    if isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        key.verify(signature, body)
        return Signed.YES
    digest = certificate.signature_hash_algorithm
    if digest is None:
        return Signed.UNKNOWN
    if isinstance(key, rsa.RSAPublicKey):
        if not RSA_BITS[0] <= key.key_size <= RSA_BITS[1] or key.public_numbers().e.bit_length() > EXPONENT_BITS:
            return Signed.UNKNOWN
        parameters = certificate.signature_algorithm_parameters
        key.verify(signature, body, parameters if isinstance(parameters, padding.PSS) else padding.PKCS1v15(), digest)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, body, ec.ECDSA(digest))
    elif isinstance(key, dsa.DSAPublicKey) and key.key_size <= DSA_BITS:
        key.verify(signature, body, digest)
    else:
        return Signed.UNKNOWN
    return Signed.YES
