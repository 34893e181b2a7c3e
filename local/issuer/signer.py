"""Signs tokens with an RSA key, which is kept in a folder so that they outlive a restart."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from runtime.core.clock import WallClock

ALGORITHM = "RS256"
TOKEN_SECONDS = 3600.0
KEY_FILE = "issuer-key.pem"
KEY_BITS = 2048


class Signer:
    """Issues tokens of `issuer` with `key`."""

    def __init__(self, issuer: str, key: rsa.RSAPrivateKey, *, clock: WallClock) -> None:
        self.issuer = issuer
        self._key = key
        self._clock = clock
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
        self.key_id = hashlib.sha256(public["n"].encode()).hexdigest()[:16]
        self._public = {**public, "kid": self.key_id, "alg": ALGORITHM, "use": "sig"}

    def key_set(self) -> dict[str, Any]:
        """Return the public key as a JSON Web Key Set."""
        return {"keys": [self._public]}

    def token(
        self,
        subject: str,
        *,
        audience: str,
        groups: Sequence[str] = (),
        seconds: float = TOKEN_SECONDS,
        **claims: Any,
    ) -> str:
        """Return a signed token that is valid for `seconds` from now."""
        now = self._clock.now()
        body: Mapping[str, Any] = {
            "iss": self.issuer,
            "sub": subject,
            "aud": audience,
            "iat": int(now),
            "exp": int(now + seconds),
            "groups": list(groups),
            **claims,
        }
        return jwt.encode(dict(body), self._key, ALGORITHM, headers={"kid": self.key_id})


def kept_key(folder: Path) -> rsa.RSAPrivateKey:
    """Return the key kept in a folder, or make one there, which only its owner may read."""
    path = folder / KEY_FILE
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if isinstance(key, rsa.RSAPrivateKey):
            return key
    made = new_key()
    folder.mkdir(parents=True, exist_ok=True)
    pem = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(pem)
    return made


def new_key() -> rsa.RSAPrivateKey:
    """Return a new key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
