"""Make the clips in this folder: a ball that crosses a coloured ground, and three notes. Needs `av` and `pillow`."""

import math
from fractions import Fraction
from pathlib import Path

import av  # type: ignore[import-not-found]  # installed for this script alone, see README.md
import numpy as np
from PIL import Image, ImageDraw

HERE = Path(__file__).resolve().parent
SIZE = (320, 240)
FRAMES, RATE = 36, 12
CLIPS = {
    "roda-de-oleiro.mp4": ("libx264", "#d8e8e0", "#2f6f5e"),
    "forno.mp4": ("libx264", "#f3dfd2", "#b5542f"),
    "pintura.mov": ("libx264", "#dfe3f5", "#4453a8"),
    "vitrine.webm": ("libvpx-vp9", "#f2e9c9", "#8a6d1d"),
}


def picture(step: int, ground: str, ball: str) -> Image.Image:
    """Draw one frame."""
    image = Image.new("RGB", SIZE, ground)
    draw = ImageDraw.Draw(image)
    x = 30 + step * (SIZE[0] - 60) / (FRAMES - 1)
    y = SIZE[1] - 50 - abs(math.sin(step / 6)) * 120
    draw.rectangle((0, SIZE[1] - 30, SIZE[0], SIZE[1]), fill=ball)
    draw.ellipse((x - 22, y - 22, x + 22, y + 22), fill=ball)
    return image


def clip(name: str, codec: str, ground: str, ball: str) -> None:
    """Encode one clip."""
    options = {"crf": "38"} if codec == "libvpx-vp9" else {"crf": "30", "preset": "veryslow", "movflags": "+faststart"}
    with av.open(str(HERE / name), "w", options={"movflags": "faststart"} if codec == "libx264" else {}) as out:
        stream = out.add_stream(codec, rate=RATE, options=options)
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        for step in range(FRAMES):
            out.mux(stream.encode(av.VideoFrame.from_image(picture(step, ground, ball))))
        out.mux(stream.encode(None))


def sound(name: str) -> None:
    """Encode three notes."""
    rate = 22050
    with av.open(str(HERE / name), "w") as out:
        stream = out.add_stream("libmp3lame", rate=rate, layout="mono")
        stream.bit_rate = 32000
        time = np.arange(int(rate * 1.5)) / rate
        pitch = np.select([time < 0.5, time < 1.0], [440.0, 554.4], 659.3)
        wave = (np.sin(2 * math.pi * pitch * time) * 9000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(wave.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
        resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate, frame_size=stream.frame_size)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))


if __name__ == "__main__":
    for name, (codec, ground, ball) in CLIPS.items():
        clip(name, codec, ground, ball)
    sound("recado.mp3")
