"""Certificates for servers of tests, of an authority that nobody else trusts."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

HOST = "127.0.0.1"
_A_DAY = timedelta(days=1)

Key = ec.EllipticCurvePrivateKey


class Authority:
    """`file` is its own certificate: those who trust it trust every server that it vouches for."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "authority.pem"
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Deltag tests")])
        self._key = ec.generate_private_key(ec.SECP256R1())
        itself = x509.BasicConstraints(ca=True, path_length=0)
        self.file.write_bytes(
            _pem(_begun(self._key, self._name, self._name).add_extension(itself, critical=True).sign(self._key, SHA256()))
        )

    def vouch(self, certificate: Path, key: Path) -> None:
        """Write a new certificate for a server on this machine, and its new key."""
        made = ec.generate_private_key(ec.SECP256R1())
        server = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
        here = x509.SubjectAlternativeName([x509.IPAddress(ip_address(HOST))])
        key.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        certificate.write_bytes(_pem(_begun(made, server, self._name).add_extension(here, critical=False).sign(self._key, SHA256())))


def _begun(key: Key, subject: x509.Name, issuer: x509.Name) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    named = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).serial_number(x509.random_serial_number())
    return named.public_key(key.public_key()).not_valid_before(now - _A_DAY).not_valid_after(now + _A_DAY)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)
