"""Shows frames as players do: turned, mirrored, and high dynamic range as standard range."""

import struct
from functools import cache
from typing import Any

import numpy as np
from av import VideoFrame
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

# Transfer characteristics and matrix of ITU-T H.273.
_PQ, _HLG = 16, 18
_BT2020_PRIMARIES = 9
_SWS_BT2020, _SWS_BT709 = 9, 1

_WHITE_NITS = 203.0
"""Graphics white (ITU-R BT.2408), shown as white."""

_HLG_PEAK_NITS, _HLG_GAMMA = 1000.0, 1.2
_DISPLAY_GAMMA = 2.4
_KNEE = 0.85
"""Up to here light is shown as it is; brighter light is compressed below white."""

_TO_BT709 = np.array(
    [
        [1.660491, -0.587641, -0.072850],
        [-0.124550, 1.132900, -0.008349],
        [-0.018151, -0.100579, 1.118730],
    ],
    np.float32,
)
"""Linear light of BT.2020 to BT.709 primaries (ITU-R BT.2087)."""

_STEPS = 4096


def scaled_pixels(scaler: Any, frame: VideoFrame, width: int, height: int) -> Pixels:
    """Return a frame at a size, blue first, in standard dynamic range."""
    options = {"width": width, "height": height, "interpolation": "AREA", "threads": 1}
    if frame.color_trc not in {_PQ, _HLG}:
        pixels: Pixels = scaler.reformat(frame, format="bgr24", **options).to_ndarray()
        return pixels
    is_wide = frame.color_primaries == _BT2020_PRIMARIES
    matrix = _SWS_BT2020 if frame.colorspace == _SWS_BT2020 else _SWS_BT709
    deep = scaler.reformat(frame, format="rgb48le", src_colorspace=matrix, **options)
    return _standard_range(deep.to_ndarray(), is_hlg=frame.color_trc == _HLG, is_wide=is_wide)


def upright(pixels: Pixels, *, rotation_degrees: int, is_mirrored: bool) -> Pixels:
    """Return pixels as displayed: mirrored left to right, then rotated clockwise."""
    if is_mirrored:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(np.rot90(pixels, -rotation_degrees // 90))


def orientation_of(frame: VideoFrame) -> tuple[int, bool]:
    """Return a frame's clockwise rotation in degrees, and whether it is mirrored before it."""
    matrix = _display_matrix(frame)
    if matrix is None:
        # FFmpeg's angle is counterclockwise.
        return -frame.rotation % 360, False
    a, b, c, d = matrix
    is_mirrored = a * d - b * c < 0
    if is_mirrored:
        a, b = -a, -b
    angle = float(np.degrees(np.arctan2(b, a)))
    return round(angle / 90) * 90 % 360, is_mirrored


def _display_matrix(frame: VideoFrame) -> tuple[int, int, int, int] | None:
    """Return a, b, c, d of the display matrix (ISO/IEC 14496-12, matrix of a track header)."""
    side_data: Any = frame.side_data
    for data in side_data:
        if data.type.name == "DISPLAYMATRIX":
            values = struct.unpack("=9i", bytes(data)[:36])
            return values[0], values[1], values[3], values[4]
    return None


def _standard_range(deep: NDArray[np.uint16], *, is_hlg: bool, is_wide: bool) -> Pixels:
    """Tone-map and gamut-map red, green and blue of 16 bits to blue, green and red of 8 bits."""
    light = _to_light(is_hlg)[deep >> 4]
    if is_hlg:
        # The system gamma for each colour: on luminance alone it makes colours paler than a camera
        # in standard range does.
        light = light**_HLG_GAMMA * (_HLG_PEAK_NITS / _WHITE_NITS)
    if is_wide:
        light = light @ _TO_BT709.T
    brightest = np.maximum(light.max(axis=-1, keepdims=True), 1e-6)
    compressed = _KNEE + (1 - _KNEE) * (1 - np.exp(-(brightest - _KNEE) / (1 - _KNEE)))
    light = light * np.where(brightest <= _KNEE, 1.0, compressed / brightest)
    shown = np.clip(light, 0.0, 1.0) ** (1 / _DISPLAY_GAMMA)
    result: Pixels = np.round(shown[..., ::-1] * 255).astype(np.uint8)
    return result


@cache
def _to_light(is_hlg: bool) -> NDArray[np.float32]:  # noqa: FBT001 - the table's key
    """Return linear light for each of 4096 signal values: of the scene (HLG), or of the display."""
    signal = np.arange(_STEPS) / (_STEPS - 1)
    if is_hlg:
        a, b, c = 0.17883277, 0.28466892, 0.55991073
        light = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)  # noqa: PLR2004
        return light.astype(np.float32)
    m1, m2 = 2610 / 16384, 2523 / 4096 * 128
    c1, c2, c3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
    power = signal ** (1 / m2)
    nits = 10_000 * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    return (nits / _WHITE_NITS).astype(np.float32)
