"""The bundle that `make setup` builds: names by entry point, and files served for a year."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from runtime.core.errors import Permanent

FOREVER = "public, max-age=31536000, immutable"
TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))


@dataclass(frozen=True, slots=True)
class Assets:
    """The files of a bundle; a name carries the hash of its content."""

    folder: Path
    manifest: dict[str, Any]

    @classmethod
    def read(cls, folder: Path) -> "Assets":
        """Return the bundle in a folder; raise `Permanent` where there is none."""
        try:
            return cls(folder, json.loads((folder / "manifest.json").read_text()))
        except OSError as error:
            raise Permanent(
                "web.no_assets",
                f"The pages' scripts and styles are not in {folder}.",
                "Build them with `make setup`, or set WEB_ASSETS to the folder that holds them.",
            ) from error

    def url(self, entry: str) -> str:
        """Return the address of an entry point, as in `app.ts`."""
        return f"/assets/{self.manifest['entries'][entry]['file']}"

    def imports(self, entry: str) -> list[str]:
        """Return the addresses of what a script imports at once, to load beside it."""
        return [f"/assets/{name}" for name in self.manifest["entries"][entry]["imports"]]

    def font(self, part: str) -> str:
        """Return the address of the font whose name contains `part`."""
        return next(f"/assets/{n}" for n in self.manifest["sizes"] if part in n and "woff2" in n)

    async def serve(self, request: Request) -> Response:
        """Answer with a file of the bundle, compressed as the browser accepts."""
        name = request.path_params["name"]
        if name not in self.manifest["sizes"]:
            raise HTTPException(404)
        path, headers = self.folder / name, {"cache-control": FOREVER, "vary": "accept-encoding"}
        accepted = request.headers.get("accept-encoding", "")
        for encoding, suffix in ENCODINGS:
            compressed = path.with_name(path.name + suffix)
            if encoding in accepted and compressed.exists():
                path, headers["content-encoding"] = compressed, encoding
                break
        kind = TYPES.get(Path(name).suffix, "application/octet-stream")
        return FileResponse(path, media_type=kind, headers=headers)
