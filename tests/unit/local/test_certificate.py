import ssl
from pathlib import Path

import pytest

from local import certificate


def test_should_be_trusted_for_the_clouds_address_by_who_is_told_to(tmp_path: Path) -> None:
    made = certificate.make_certificate(tmp_path)

    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(made.certificate, made.key)
    client = ssl.create_default_context(cafile=str(made.certificate))

    assert shaken_hands(server, client, "127.0.0.1")
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken_hands(server, ssl.create_default_context(), "127.0.0.1")
    with pytest.raises(ssl.SSLCertVerificationError):
        shaken_hands(server, client, "127.0.0.2")


def shaken_hands(server: ssl.SSLContext, client: ssl.SSLContext, address: str) -> bool:
    """Have a client and a server of these contexts meet, in memory."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    there = server.wrap_bio(to_server, to_client, server_side=True)
    here = client.wrap_bio(to_client, to_server, server_hostname=address)
    waiting = [here, there]
    while waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(side)
    return True


def test_should_keep_the_key_to_its_owner(tmp_path: Path) -> None:
    made = certificate.make_certificate(tmp_path)
    assert made.key.stat().st_mode & 0o077 == 0


def test_should_say_what_is_missing_without_openssl(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(certificate.NoOpensslError, match="openssl"):
        certificate.make_certificate(tmp_path)
