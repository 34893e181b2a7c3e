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


PRODUCERS = {
    "uploads_begin": ("201", "upload_id", "/upload_id"),
    "uploads_confirm": ("202", "job_id", "/job/job_id"),
    "jobs_list_jobs": ("200", "job_id", "/items/0/job_id"),
    "jobs_reprocess_job": ("202", "job_id", "/job_id"),
    "imports_begin": ("202", "import_id", "/import_id"),
    "keys_make_key": ("201", "key_id", "/key_id"),
    "webhooks_make_webhook": ("201", "webhook_id", "/webhook_id"),
}
"""Operations that answer with an id: status, the parameter it is for, where the answer has it."""


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
    _link(made["paths"])
    made["components"]["securitySchemes"] = _SECURITY
    for name in _OWN_VALIDATION:
        made["components"]["schemas"].pop(name, None)
    return made


def _link(paths: dict[str, dict[str, Any]]) -> None:
    """Say which operations take an id that another one answers with."""
    operations = {
        operation["operationId"]: (path, operation)
        for path, item in paths.items()
        for operation in item.values()
    }
    for producer, (status, parameter, pointer) in PRODUCERS.items():
        operations[producer][1]["responses"][status]["links"] = {
            name: {
                "operationId": name,
                "parameters": {parameter: f"$response.body#{pointer}"},
            }
            for name, (path, _) in operations.items()
            if f"{{{parameter}}}" in path
        }


def _responses(given: dict[str, Any]) -> dict[str, Any]:
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    kept = {status: each for status, each in given.items() if status not in {*ERRORS, "422"}}
    return kept | {
        "4XX": {"description": "The request is refused", "content": problem},
        "5XX": {"description": "The service failed", "content": problem},
    }
