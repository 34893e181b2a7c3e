"""A file of each format that is opened."""

from tests.corpus.making import X264, film, made, picture, tone

PCM = ("-c:a", "pcm_s16le")
DV = ("-pix_fmt", "yuv420p", "-ac", 2)

CONTAINERS = {
    "mov": film(*X264, "-c:a", "aac", form="mov"),
    "matroska": film(*X264, "-c:a", "aac", form="matroska"),
    "avi": film("-c:v", "mpeg4", "-c:a", "libmp3lame", form="avi"),
    "mpegts": film("-c:v", "mpeg2video", "-c:a", "mp2", form="mpegts"),
    "mpeg": film("-c:v", "mpeg2video", "-c:a", "mp2", form="vob"),
    "flv": film(*X264, "-c:a", "aac", form="flv"),
    "asf": film("-c:v", "wmv2", "-c:a", "wmav2", form="asf"),
    "mp3": made(*tone(), form="mp3"),
    "aac": made(*tone(), "-c:a", "aac", form="adts"),
    "wav": made(*tone(), "-c:a", "pcm_f32le", "-rf64", "always", form="wav"),
    "w64": made(*tone(), form="w64"),
    "aiff": made(*tone(), form="aiff"),
    "au": made(*tone(), form="au"),
    "flac": made(*tone(), form="flac"),
    "ogg": made(*tone(), "-c:a", "libopus", form="ogg"),
    "amr": made(*tone(rate=8000), "-ac", 1, "-ar", 8000, "-c:a", "libopencore_amrnb", form="amr"),
    "caf": made(*tone(), *PCM, form="caf"),
    "mxf": film("-c:v", "mpeg2video", *PCM, form="mxf"),
    "dv": made(*picture(size="720x576"), *tone(), *DV, form="dv"),
    "ac3": made(*tone(), form="ac3"),
    "eac3": made(*tone(), form="eac3"),
}
"""By FFmpeg's name."""

WITH_PICTURE = {"mov", "matroska", "avi", "mpegts", "mpeg", "flv", "asf", "mxf", "dv"}
