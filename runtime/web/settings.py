"""The settings of the pages' server, read whole before it starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from runtime.core import environ
from runtime.core.contract import EnvVar
from runtime.core.environ import one_of, without_slash
from runtime.core.log import LEVELS

ANYWHERE = "0.0.0.0"  # noqa: S104 - the load balancer is another machine; the firewall decides
DEFAULT_ASSETS = Path(__file__).resolve().parents[2] / ".lifestream" / "web"


def _origins(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Where the API, the identity provider and the assets are.

    `public_url` is the pages' own origin. `media_origins` are the origins of presigned URLs, which
    the content security policy allows beside it. `sessions_table` is None for sessions in memory.
    """

    api_url: Annotated[str, EnvVar.WEB_API_URL, without_slash]
    public_url: Annotated[str, EnvVar.WEB_PUBLIC_URL, without_slash]
    issuer: Annotated[str, EnvVar.OIDC_ISSUER, without_slash]
    client_id: Annotated[str, EnvVar.OIDC_CLIENT_ID]
    client_secret: Annotated[str | None, EnvVar.OIDC_CLIENT_SECRET] = None
    scopes: Annotated[str, EnvVar.OIDC_SCOPES] = "openid email profile"
    media_origins: Annotated[tuple[str, ...], EnvVar.WEB_MEDIA_ORIGINS, _origins] = ()
    sessions_table: Annotated[str | None, EnvVar.SESSIONS_TABLE] = None
    assets: Annotated[Path, EnvVar.WEB_ASSETS, Path] = DEFAULT_ASSETS
    host: Annotated[str, EnvVar.WEB_HOST] = ANYWHERE
    port: Annotated[int, EnvVar.WEB_PORT] = 9000
    region: Annotated[str, EnvVar.AWS_REGION] = "us-east-1"
    log_level: Annotated[str, EnvVar.LOG_LEVEL, one_of(LEVELS)] = "INFO"

    @property
    def secure(self) -> bool:
        """Whether browsers reach the pages by HTTPS."""
        return urlsplit(self.public_url).scheme == "https"


def read_settings(variables: Mapping[str, str]) -> WebSettings:
    """Return the settings; raise `Permanent` that names everything missing or wrong at once."""
    return environ.read_settings(WebSettings, variables, component="web server")
