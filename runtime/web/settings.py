"""The settings of the pages' server, read whole before it starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from runtime.core.contract import EnvVar
from runtime.core.environ import EnvironmentReader
from runtime.core.log import LEVELS

DEFAULT_PORT = 9000
ANYWHERE = "0.0.0.0"  # noqa: S104 - the load balancer is another machine; the firewall decides
DEFAULT_ASSETS = Path(__file__).resolve().parents[2] / ".lifestream" / "web"
DEFAULT_SCOPES = "openid email profile"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Where the API, the identity provider and the assets are.

    `public_url` is the pages' own origin. `media_origins` are the origins of presigned URLs, which
    the content security policy allows beside it. `sessions_table` is None for sessions in memory.
    """

    api_url: str
    public_url: str
    issuer: str
    client_id: str
    client_secret: str | None = None
    scopes: str = DEFAULT_SCOPES
    media_origins: tuple[str, ...] = ()
    sessions_table: str | None = None
    assets: Path = DEFAULT_ASSETS
    host: str = ANYWHERE
    port: int = DEFAULT_PORT
    region: str = "us-east-1"
    log_level: str = "INFO"

    @property
    def secure(self) -> bool:
        """Whether browsers reach the pages by HTTPS."""
        return urlsplit(self.public_url).scheme == "https"


def read_settings(environ: Mapping[str, str]) -> WebSettings:
    """Return the settings; raise `Permanent` that names everything missing or wrong at once."""
    read = EnvironmentReader(environ, component="web server")
    origins = read.optional(EnvVar.WEB_MEDIA_ORIGINS) or ""
    settings = WebSettings(
        api_url=read.text(EnvVar.WEB_API_URL).rstrip("/"),
        public_url=read.text(EnvVar.WEB_PUBLIC_URL).rstrip("/"),
        issuer=read.text(EnvVar.OIDC_ISSUER).rstrip("/"),
        client_id=read.text(EnvVar.OIDC_CLIENT_ID),
        client_secret=read.optional(EnvVar.OIDC_CLIENT_SECRET),
        scopes=read.optional(EnvVar.OIDC_SCOPES) or DEFAULT_SCOPES,
        media_origins=tuple(item.strip() for item in origins.split(",") if item.strip()),
        sessions_table=read.optional(EnvVar.SESSIONS_TABLE),
        assets=Path(read.optional(EnvVar.WEB_ASSETS) or DEFAULT_ASSETS),
        host=read.optional(EnvVar.WEB_HOST) or ANYWHERE,
        region=read.optional(EnvVar.AWS_REGION) or "us-east-1",
        port=read.number(EnvVar.WEB_PORT, DEFAULT_PORT),
        log_level=read.choice(EnvVar.LOG_LEVEL, LEVELS, "INFO"),
    )
    read.finish()
    return settings
