"""The settings of the service tier that tests give it."""

from typing import Any

SERVICE: dict[str, Any] = {
    "enabled": True,
    "api_url": "https://api.videos.example.com",
    "web_url": "https://videos.example.com",
    "certificate_arn": "arn:aws:acm:us-east-1:111122223333:certificate/any",
}
