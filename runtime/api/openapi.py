"""The OpenAPI document: FastAPI's own, with problems for errors, and how to sign in."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from runtime.api.problems import MEDIA_TYPE

PUBLIC_PATHS = frozenset({"/", "/health", "/ready"})
ERRORS = ("4XX", "5XX")
_METHODS = frozenset({"get", "post", "patch", "delete", "put"})
_OWN_VALIDATION = ("HTTPValidationError", "ValidationError")
_SECURITY = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of the OIDC issuer",
    },
    "key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Api-Key",
        "description": "A key made by POST /v1/keys",
    },
}


def install(app: FastAPI) -> None:
    """Have the application publish this document, built once."""
    document: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not document:
            document.update(_document(app))
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(
        title=app.title, version=app.version, description=app.description, routes=app.routes
    )
    for path, item in made["paths"].items():
        for method, operation in item.items():
            if method not in _METHODS:
                continue
            operation["responses"] = _responses(operation["responses"])
            if path not in PUBLIC_PATHS:
                operation["security"] = [{name: []} for name in _SECURITY]
    made["components"]["securitySchemes"] = _SECURITY
    for name in _OWN_VALIDATION:
        made["components"]["schemas"].pop(name, None)
    return made


def _responses(given: dict[str, Any]) -> dict[str, Any]:
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    kept = {status: each for status, each in given.items() if status not in {*ERRORS, "422"}}
    return kept | {
        "4XX": {"description": "The request is refused", "content": problem},
        "5XX": {"description": "The service failed", "content": problem},
    }
