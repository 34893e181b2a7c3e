"""Serves the local issuer on the loopback interface: `python -m local.issuer --port N`.

Prints one line of JSON once it listens: its URL, and a token of the local user for scripts.
"""

import argparse
import json
import sys
from pathlib import Path

import uvicorn

from local.issuer.app import ADMIN_GROUP, EMAIL_DOMAIN, create_app
from local.issuer.sign_in import SignIns
from local.issuer.signer import Signer, kept_key
from runtime.core.clock import SystemClock

HOST = "127.0.0.1"
USER = "local-user"
AUDIENCE = "lifestream"
DAY_SECONDS = 86_400.0


def main(arguments: list[str]) -> int:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m local.issuer", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state-dir", type=Path, required=True, help="where its key is kept")
    parser.add_argument("--user", default=USER, help="who is signed in")
    options = parser.parse_args(arguments)
    clock = SystemClock()
    url = f"http://{HOST}:{options.port}"
    signer = Signer(url, kept_key(options.state_dir), clock=clock)
    sign_ins = SignIns(clock=clock, subject=options.user, refresh_seconds=30 * DAY_SECONDS)
    token = signer.token(
        options.user,
        audience=AUDIENCE,
        groups=[ADMIN_GROUP],
        seconds=DAY_SECONDS,
        email=f"{options.user}@{EMAIL_DOMAIN}",
    )
    server = Announcing(
        uvicorn.Config(
            create_app(signer, sign_ins, admin=options.user),
            host=HOST,
            port=options.port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        )
    )
    server.line = json.dumps({"issuer": url, "token": token})
    server.run()
    return 0 if server.started else 1


class Announcing(uvicorn.Server):
    """Prints `line` once it listens."""

    line: str = ""

    async def startup(self, sockets: object = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets=sockets)  # type: ignore[arg-type]
        if self.started:
            print(self.line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
