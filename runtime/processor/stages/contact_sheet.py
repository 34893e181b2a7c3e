"""Draws scenes side by side on one picture, each labelled with its start."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from runtime.core.media import Scene

Pixels = NDArray[np.uint8]

MOST_TILES = 60
COLUMNS = 5
TILE_WIDTH, TILE_HEIGHT = 240, 135
_LABEL_HEIGHT = 20
_GAP = 4
_LIGHT = (225, 225, 225)
_JPEG_QUALITY = 80


class ContactSheet:
    """Collects thumbnails; of more than 60 scenes it shows evenly chosen ones."""

    def __init__(self, scenes: Sequence[Scene]) -> None:
        """Choose the scenes that get a tile."""
        shown = min(MOST_TILES, len(scenes))
        self._chosen = {scenes[n * len(scenes) // shown].index for n in range(shown)}
        self._tiles: list[Pixels] = []

    def add(self, scene: Scene, thumbnail: bytes) -> None:
        """Add a scene's WebP or JPEG if the scene was chosen; call in order of scenes."""
        if scene.index in self._chosen:
            pixels: Any = cv2.imdecode(np.frombuffer(thumbnail, np.uint8), cv2.IMREAD_COLOR)
            self._tiles.append(_tile(scene, pixels))

    def jpeg(self) -> bytes | None:
        """Return the sheet, None without any thumbnail."""
        if not self._tiles:
            return None
        columns = min(COLUMNS, len(self._tiles))
        rows = -(-len(self._tiles) // columns)
        tile_height, tile_width = TILE_HEIGHT + _LABEL_HEIGHT, TILE_WIDTH
        height, width = rows * (tile_height + _GAP) + _GAP, columns * (tile_width + _GAP) + _GAP
        sheet = np.zeros((height, width, 3), np.uint8)
        for number, tile in enumerate(self._tiles):
            row, column = divmod(number, columns)
            top, left = _GAP + row * (tile_height + _GAP), _GAP + column * (tile_width + _GAP)
            sheet[top : top + tile_height, left : left + tile_width] = tile
        _, content = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        return content.tobytes()


def _tile(scene: Scene, pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    scale = min(TILE_WIDTH / width, TILE_HEIGHT / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    scaled = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    tile = np.zeros((TILE_HEIGHT + _LABEL_HEIGHT, TILE_WIDTH, 3), np.uint8)
    top, left = (TILE_HEIGHT - size[1]) // 2, (TILE_WIDTH - size[0]) // 2
    tile[top : top + size[1], left : left + size[0]] = scaled
    whole = int(scene.start_seconds)
    label = f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    place = (2, TILE_HEIGHT + _LABEL_HEIGHT - 5)
    cv2.putText(tile, label, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, _LIGHT, 1, cv2.LINE_AA)
    return tile
