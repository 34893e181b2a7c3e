"""The settings of the service tier that tests give it."""

from typing import Any

SERVICE: dict[str, Any] = {
    "enabled": True,
    "api_url": "https://api.videos.example.com",
    "web_url": "https://videos.example.com",
    "certificate_arn": "arn:aws:acm:us-east-1:111122223333:certificate/any",
}

ISSUER = {"oidc_issuer": "https://login.example.com/", "oidc_client_id": "pages"}
GIVEN = {"prod": SERVICE, "dev": {**SERVICE, **ISSUER, "ingress": ["203.0.113.0/24"]}}
"""Production with a user pool and blue/green, development with an issuer of its own."""
