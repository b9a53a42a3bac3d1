"""Makes what the services need before they start: an authority, certificates and passwords, each where it is read.

The one-shot service `prepare` runs it at every start, as root without network. What is there and good stays as it is.
Each folder below `KEYS` is a volume of its own, and a service mounts only its own: who can read `reader` cannot write.
Nothing secret is printed or stands on a command line.
"""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT, ELASTIC, NEWSWARC = 0, 1000, 10001
"""Users (uid) of `prepare`, of the images of Elasticsearch and Kibana, and of the image of newswarc."""
OWNERS = {
    "authority": ROOT,
    "elasticsearch": ELASTIC,
    "kibana": ELASTIC,
    "admin": NEWSWARC,
    "crawler": NEWSWARC,
    "reader": NEWSWARC,
}
"""Folder of keys → who reads it."""
NODES = ("es01", "es02", "es03")
PASSWORDS = (
    "elastic",
    "kibana_system",
    "newswarc_admin",
    "newswarc_crawler",
    "newswarc_reader",
    "newswarc_snapshots",
    "newswarc_kibana",
    "analyst",
)
HANDED_ON = {
    "elastic": "elasticsearch/elastic_password",
    "newswarc_crawler": "crawler/password",
    "newswarc_reader": "reader/password",
}
"""Passwords that another than the folder `admin` needs, too."""
AUTHORITY_DAYS, NODE_DAYS, RENEWED_BEFORE = 3650, 730, timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Keys:
    """The folders of keys; `owned` is off where files cannot be given away, as in tests without root."""

    root: Path
    owned: bool = True

    def read(self, name: str) -> bytes | None:
        path = self.root / name
        return path.read_bytes() if path.is_file() else None

    def write(self, name: str, content: bytes) -> None:
        """Whole or not at all, for its folder's owner alone; a file that holds this already is left as it is."""
        path = self.root / name
        if self.read(name) != content:
            new = path.with_name(f".{path.name}.new")
            new.unlink(missing_ok=True)
            with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, path)
        path.chmod(0o400)
        self.give(path, OWNERS[path.parent.name])

    def folder(self, name: str) -> None:
        path = self.root / name
        path.mkdir(exist_ok=True)
        path.chmod(0o700)
        self.give(path, OWNERS[name])

    def give(self, path: Path, owner: int) -> None:
        if self.owned:
            os.chown(path, owner, 0 if owner == ELASTIC else owner)


# ---- certificates


@dataclass(frozen=True, slots=True)
class Authority:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    def issue(self, node: str, names: Sequence[str], now: datetime) -> tuple[bytes, bytes]:
        """Key and certificate of a node as PEM; it is server and, towards other nodes, client."""
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            _builder(node, self.certificate.subject, key, now, NODE_DAYS)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([*map(_name, names)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
            .sign(self.key, hashes.SHA256())
        )
        return _pem(key), certificate.public_bytes(serialization.Encoding.PEM)

    def stands(self, pem: bytes | None, names: Sequence[str], now: datetime) -> bool:
        """Whether a certificate is ours, for these names, and long enough valid."""
        if pem is None:
            return False
        certificate = x509.load_pem_x509_certificate(pem)
        try:
            certificate.verify_directly_issued_by(self.certificate)
        except (InvalidSignature, ValueError):
            return False
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return set(held) == set(map(_name, names)) and certificate.not_valid_after_utc - now > RENEWED_BEFORE


def authority(keys: Keys, now: datetime) -> Authority:
    """The one that is there, or a new one."""
    key, certificate = keys.read("authority/ca.key"), keys.read("authority/ca.crt")
    if not _belong_together(key, certificate):
        made = ec.generate_private_key(ec.SECP256R1())
        key, certificate = _pem(made), _self_signed(made, now).public_bytes(serialization.Encoding.PEM)
        keys.write("authority/ca.key", key)
        keys.write("authority/ca.crt", certificate)
    assert key is not None
    assert certificate is not None
    loaded = serialization.load_pem_private_key(key, None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    return Authority(loaded, x509.load_pem_x509_certificate(certificate))


def _belong_together(key: bytes | None, certificate: bytes | None) -> bool:
    """A start that broke off may have left the new one beside the old other."""
    if key is None or certificate is None:
        return False
    held = serialization.load_pem_private_key(key, None).public_key()
    return held == x509.load_pem_x509_certificate(certificate).public_key()


def _self_signed(key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    name = "newswarc Elasticsearch authority"
    usage = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    return (
        _builder(name, x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key, now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
        .sign(key, hashes.SHA256())
    )


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


# ---- passwords and settings


def secret(keys: Keys, name: str) -> str:
    """The text of a file of secrets: 192 random bits, unless it is there."""
    held = keys.read(name)
    if held is None:
        held = secrets.token_urlsafe(24).encode()
    keys.write(name, held)
    return held.decode().strip()


def kibana_settings(keys: Keys, url: str, elastic_nodes: Sequence[str]) -> bytes:
    """kibana.yml; JSON is YAML. In a file, for Kibana's image puts what it reads from variables on a command line."""
    settings = {
        "server.name": "kibana",
        "server.host": "0.0.0.0",
        "server.publicBaseUrl": url,
        "elasticsearch.hosts": [*elastic_nodes],
        "elasticsearch.username": "kibana_system",
        "elasticsearch.password": secret(keys, "admin/kibana_system"),
        "elasticsearch.ssl.certificateAuthorities": ["/usr/share/kibana/keys/ca.crt"],
        "xpack.encryptedSavedObjects.encryptionKey": secret(keys, "authority/kibana_saved_objects"),
        "xpack.reporting.encryptionKey": secret(keys, "authority/kibana_reporting"),
        "xpack.security.encryptionKey": secret(keys, "authority/kibana_sessions"),
        "telemetry.optIn": False,
        "newsfeed.enabled": False,
    }
    return json.dumps(settings, indent=1).encode() + b"\n"


def prepare(
    keys: Keys, names: Sequence[str], elastic_nodes: Sequence[str], kibana_url: str, now: datetime
) -> list[str]:
    """Makes what is missing; the nodes that got a new certificate. `names`: of this machine, beside its loopback."""
    for folder in OWNERS:
        keys.folder(folder)
    signer = authority(keys, now)
    ca = signer.certificate.public_bytes(serialization.Encoding.PEM)
    for folder in OWNERS:
        keys.write(f"{folder}/ca.crt", ca)
    renewed = [node for node in NODES if _node(keys, signer, node, names, now)]
    for name in PASSWORDS:
        text = secret(keys, f"admin/{name}")
        if name in HANDED_ON:
            keys.write(HANDED_ON[name], text.encode())
    keys.write("kibana/kibana.yml", kibana_settings(keys, kibana_url, elastic_nodes))
    return renewed


def _node(keys: Keys, signer: Authority, node: str, names: Sequence[str], now: datetime) -> bool:
    """Whether a new certificate was made."""
    key, certificate = f"elasticsearch/{node}.key", f"elasticsearch/{node}.crt"
    names = [node, "localhost", "127.0.0.1", "::1", *names]
    held = keys.read(key), keys.read(certificate)
    stands = _belong_together(*held) and signer.stands(held[1], names, now)
    for name, content in zip((key, certificate), held if stands else signer.issue(node, names, now), strict=True):
        assert content is not None
        keys.write(name, content)
    return not stands


def main(environ: Mapping[str, str]) -> None:
    keys = Keys(Path(environ.get("KEYS", "/keys")), owned=os.geteuid() == 0)
    snapshots = Path(environ.get("SNAPSHOTS", "/snapshots"))
    keys.give(snapshots, ELASTIC)
    renewed = prepare(
        keys,
        environ.get("NAMES", "").split(),
        environ.get("NEWSWARC_ELASTICSEARCH_NODES", "https://es01:9200").split(","),
        environ.get("KIBANA_URL", "http://localhost:5601"),
        datetime.now(UTC),
    )
    print(f"new certificates: {', '.join(renewed) or 'none needed'}; passwords and settings are in place")


if __name__ == "__main__":
    main(os.environ)
