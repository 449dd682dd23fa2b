"""A test authority and the certificates it signs; a browser profile that trusts it."""

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class Authority:
    """The authority's certificate file, and the key that signs with it."""

    certificate: Path
    key: ec.EllipticCurvePrivateKey
    name: x509.Name

    def issue(self, host: str, folder: Path, days: int = 90) -> None:
        """Write `certificate.pem` (with its chain) and `key.pem` for a host into a folder."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        builder = _builder(name, self.name, key.public_key(), days)
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False
        )
        server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        signed = builder.add_extension(server, critical=False).sign(self.key, hashes.SHA256())
        chain = signed.public_bytes(serialization.Encoding.PEM) + self.certificate.read_bytes()
        (folder / "certificate.pem").write_bytes(chain)
        (folder / "key.pem").write_bytes(_pem(key))
        (folder / "key.pem").chmod(0o600)


@cache
def authority(folder: Path) -> Authority:
    """Return the authority of this folder, whose certificate is `authority.pem` there."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test authority")])
    builder = _builder(name, name, key.public_key(), 365)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    signed = builder.sign(key, hashes.SHA256())
    path = folder / "authority.pem"
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    return Authority(path, key, name)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def trusting_home(authority_file: Path, folder: Path) -> Path:
    """Return a home folder whose browsers trust the authority, as a tablet on which it was installed."""
    store = folder / ".pki" / "nssdb"
    store.mkdir(parents=True)
    database = f"sql:{store}"
    subprocess.run(["certutil", "-N", "--empty-password", "-d", database], check=True)
    trust = [
        "certutil",
        "-A",
        "-d",
        database,
        "-t",
        "C,,",
        "-n",
        "test authority",
        "-i",
        str(authority_file),
    ]
    subprocess.run(trust, check=True)
    return folder
