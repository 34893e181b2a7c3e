"""`manifest.json`: the published files with size and SHA-256; its presence says all are there."""

import hashlib
from collections.abc import Mapping
from typing import Any

from runtime.core.contract import ResultFile

SCHEMA_VERSION = "1.0"


def manifest_document(job_id: str, files: Mapping[ResultFile, bytes]) -> dict[str, Any]:
    """Return the document for all files but the manifest itself, by name."""
    return {
        "schema_version": SCHEMA_VERSION,
        "job_id": job_id,
        "files": [
            {
                "name": str(name),
                "size_bytes": len(files[name]),
                "sha256": hashlib.sha256(files[name]).hexdigest(),
            }
            for name in sorted(files)
        ],
    }
