"""A certificate for the local cloud's address, trusted only by the processes it starts."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.emulator.settings import HOST

DAYS = 30


class NoOpensslError(RuntimeError):
    """`openssl`, which makes the certificate, is not on the PATH."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """Files in PEM: the certificate, which is its own authority, and its private key."""

    certificate: Path
    key: Path


def make_certificate(folder: Path) -> Certificate:
    """Make a new certificate for 127.0.0.1 in a folder; raise `NoOpensslError`."""
    openssl = shutil.which("openssl")
    if openssl is None:
        raise NoOpensslError(
            "Enforcing permissions needs TLS. Install `openssl`, which makes its certificate: it "
            "is not on the PATH."
        )
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificate(folder / "certificate.pem", folder / "key.pem")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(DAYS)),
            *("-keyout", str(made.key), "-out", str(made.certificate)),
            *("-subj", "/CN=Lifestream local cloud"),
            *("-addext", f"subjectAltName=IP:{HOST},DNS:localhost"),
            *("-addext", "basicConstraints=critical,CA:FALSE"),
            *("-addext", "extendedKeyUsage=serverAuth"),
        ],
        check=True,
        capture_output=True,
    )
    made.key.chmod(0o600)
    return made
