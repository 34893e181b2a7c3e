"""Scenes side by side on one picture, each with the time it starts at."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from runtime.core.media import Scene

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

MOST_TILES = 60
COLUMNS = 5
TILE_WIDTH, TILE_HEIGHT = 240, 135
_LABEL_HEIGHT = 20
_GAP = 4
_LIGHT = (225, 225, 225)
_JPEG_QUALITY = 80


class ContactSheet:
    """Collects the scenes' pictures; of more than 60 scenes it shows evenly chosen ones."""

    def __init__(self, scenes: Sequence[Scene]) -> None:
        """Choose the scenes that get a tile."""
        shown = min(MOST_TILES, len(scenes))
        self._chosen = {scenes[n * len(scenes) // shown].index for n in range(shown)}
        self._tiles: list[Picture] = []

    def add(self, scene: Scene, picture: bytes) -> None:
        """Take the WebP or JPEG of a scene if it was chosen; scenes come in their order."""
        import cv2
        import numpy as np

        if scene.index in self._chosen:
            pixels: Any = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
            self._tiles.append(_tile(scene, pixels))

    def jpeg(self) -> bytes | None:
        """Return the sheet, None without any picture."""
        import cv2
        import numpy as np

        if not self._tiles:
            return None
        columns = min(COLUMNS, len(self._tiles))
        rows = -(-len(self._tiles) // columns)
        high, wide = TILE_HEIGHT + _LABEL_HEIGHT, TILE_WIDTH
        sheet = np.zeros((rows * (high + _GAP) + _GAP, columns * (wide + _GAP) + _GAP, 3), np.uint8)
        for number, tile in enumerate(self._tiles):
            row, column = divmod(number, columns)
            top, left = _GAP + row * (high + _GAP), _GAP + column * (wide + _GAP)
            sheet[top : top + high, left : left + wide] = tile
        _, content = cv2.imencode(".jpg", sheet, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        return content.tobytes()


def _tile(scene: Scene, picture: "Picture") -> "Picture":
    import cv2
    import numpy as np

    height, width = picture.shape[:2]
    scale = min(TILE_WIDTH / width, TILE_HEIGHT / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    tile = np.zeros((TILE_HEIGHT + _LABEL_HEIGHT, TILE_WIDTH, 3), np.uint8)
    top, left = (TILE_HEIGHT - size[1]) // 2, (TILE_WIDTH - size[0]) // 2
    tile[top : top + size[1], left : left + size[0]] = small
    whole = int(scene.start_seconds)
    label = f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
    place = (2, TILE_HEIGHT + _LABEL_HEIGHT - 5)
    cv2.putText(tile, label, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, _LIGHT, 1, cv2.LINE_AA)
    return tile
