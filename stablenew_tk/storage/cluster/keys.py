"""Keys and certificates of a cluster: a private authority, one certificate for each machine, sealed pairing files.

Needs the package `cryptography`, so it is imported only where one of these is made.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

from ...domain.base.errors import InvalidInput

AUTHORITY_DAYS, MACHINE_DAYS = 3650, 1825
# A machine whose clock is behind must not find the certificate that it has just been given not valid yet.
_BEFORE = timedelta(days=1)
_SALT, _NONCE = 16, 12
_SCRYPT_N = 1 << 15  # about 0.1 s and 32 MB for each guess
# No letters that look alike.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


class KeyPair(Struct, frozen=True):
    """A certificate and its private key, both PEM. The key is not encrypted: it lies in a file for its owner only."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return "KeyPair(…)"


def make_authority(now: datetime) -> KeyPair:
    """A new authority, that of nobody else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"StableNew cluster {secrets.token_hex(4)}")
    built = (
        _builder(name, name, now, AUTHORITY_DAYS)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_usage(signs=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _pair(built, key)


def make_certificate(authority: KeyPair, name: str, now: datetime, days: int = MACHINE_DAYS) -> KeyPair:
    """A certificate for a machine, good for both ends of a connection."""
    signer = serialization.load_pem_private_key(authority.key, None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise InvalidInput("The cluster's own key is of another kind. Make a new cluster: cluster init --again.")
    issuer = x509.load_pem_x509_certificate(authority.certificate)
    key = ec.generate_private_key(ec.SECP256R1())
    both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    built = (
        _builder(_name(name), issuer.subject, now, days)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(both, critical=False)
        .sign(signer, hashes.SHA256())
    )
    return _pair(built, key)


def validity(certificate: bytes) -> tuple[datetime, datetime]:
    """From when until when a certificate (PEM) is good, UTC."""
    read = x509.load_pem_x509_certificate(certificate)
    return read.not_valid_before_utc, read.not_valid_after_utc


def draw_passphrase() -> str:
    """Four groups of four letters and digits: 79 bits, to be read out or typed."""
    return "-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4))


def sealed(data: bytes, passphrase: str) -> bytes:
    """The data encrypted, so that only who knows the passphrase can read or change it."""
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    hidden: bytes = ChaCha20Poly1305(_derived(passphrase, salt)).encrypt(nonce, data, None)
    return salt + nonce + hidden


def opened(data: bytes, passphrase: str) -> bytes:
    """What was sealed. Raises InvalidInput for another passphrase, and for data that was changed."""
    salt, nonce, rest = data[:_SALT], data[_SALT : _SALT + _NONCE], data[_SALT + _NONCE :]
    try:
        data = ChaCha20Poly1305(_derived(passphrase, salt)).decrypt(nonce, rest, None)
    except (InvalidTag, ValueError) as error:
        raise InvalidInput(
            "The pairing file does not open: the passphrase is another one, or the file was changed on its way.",
            "passphrase",
        ) from error
    return data


def _derived(passphrase: str, salt: bytes) -> bytes:
    key: bytes = Scrypt(salt=salt, length=32, n=_SCRYPT_N, r=8, p=1).derive(passphrase.strip().encode())
    return key


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _builder(subject: x509.Name, issuer: x509.Name, now: datetime, days: int) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + timedelta(days=days))
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _pair(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> KeyPair:
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return KeyPair(certificate.public_bytes(pem), plain)
