"""The settings of the service tier that differ on this machine."""

from collections.abc import Mapping
from typing import Any

from local.cloud import ACCOUNT, REGION
from local.issuer.process import Issuer

API, WEB = "api", "web"
CLIENT = "lifestream"
"""The web pages' client at the local issuer, and the audience of its tokens."""


def service_settings(endpoint_url: str, issuer: Issuer, urls: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings for a cloud at `endpoint_url`, with the services at these URLs."""
    return {
        "enabled": True,
        "api_url": urls[API],
        "web_url": urls[WEB],
        "certificate_arn": f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/local",
        "oidc_issuer": issuer.url,
        "oidc_client_id": CLIENT,
        "media_origins": [endpoint_url],
        "cache": False,
    }
