"""nginx on loopback with the very files of docs/proxy, at paths and ports of the test's own."""

from __future__ import annotations

import datetime
import getpass
import shutil
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

EXAMPLE = Path(__file__).resolve().parents[2] / "docs" / "proxy"
HOST = "figures.example.org"
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
TEMPORARY = ("client_body", "proxy", "fastcgi", "scgi", "uwsgi")


def replaced(text: str, changes: Mapping[str, str]) -> str:
    for old, new in changes.items():
        assert old in text, f"docs/proxy no longer says: {old}"
        text = text.replace(old, new)
    return text


def write_certificate(folder: Path) -> None:
    """Signed by itself, for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def hashed(password: str) -> str:
    """As the note in docs/proxy/nginx_sign_in.conf makes it."""
    made = subprocess.run(
        ["openssl", "passwd", "-6", "-stdin"], input=password, capture_output=True, text=True, check=True
    )
    return made.stdout.strip()


@contextmanager
def running_nginx(
    folder: Path, backend: int, http: int, https: int, *, secret: str = "", people: Mapping[str, str] = {}
) -> Iterator[str]:
    """The address of the pages by TLS. With `people`, name and password of each, nginx signs them in."""
    assert NGINX is not None
    write_certificate(folder)
    sign_in = folder / "nginx_sign_in.conf"
    sign_in.write_text(
        replaced(
            (EXAMPLE / "nginx_sign_in.conf").read_text(),
            {
                "/etc/pacific-parcels/passwords;": f"{folder / 'passwords'};",
                "at least 32 signs, as in the file of sign-ins": secret,
            },
        )
        if people
        else ""
    )
    (folder / "passwords").write_text("".join(f"{who}:{hashed(word)}\n" for who, word in people.items()))
    temporary = "".join(f"{part}_temp_path {folder / part};\n" for part in TEMPORARY)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        replaced(
            (EXAMPLE / "nginx.conf").read_text(),
            {
                "worker_processes auto;": f"worker_processes 1;\nuser {getpass.getuser()};\ndaemon off;",
                "/run/pacific-parcels-nginx.pid": str(folder / "nginx.pid"),
                "/var/log/nginx/pacific-parcels.log": str(folder / "error.log"),
                "http {\n": f"http {{\n{temporary}",
                "listen 80;": f"listen 127.0.0.1:{http};",
                "listen 443 ssl http2;": f"listen 127.0.0.1:{https} ssl http2;",
                "/etc/pacific-parcels/tls/": f"{folder}/",
                "/etc/pacific-parcels/nginx_sign_in.conf": str(sign_in),
                "127.0.0.1:8501;": f"127.0.0.1:{backend};",
            },
        )
    )
    command = [NGINX, "-e", str(folder / "error.log"), "-c", str(configuration)]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            assert process.poll() is None, (folder / "error.log").read_text()
            try:
                urllib.request.urlopen(f"https://127.0.0.1:{https}/", context=trusting(), timeout=5).close()
                break
            except urllib.error.HTTPError:
                break  # it answers
            except OSError:
                time.sleep(0.1)
        yield f"https://{HOST}:{https}"
    finally:
        process.terminate()
        process.wait(20)


def trusting() -> ssl.SSLContext:
    """Takes the certificate of these tests as it comes."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
