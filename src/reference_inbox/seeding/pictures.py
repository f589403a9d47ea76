"""The pictures: thirty products of a small pottery, each its own colours, form and number."""

import colorsys
import math
import wave
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont

SIZE: Final = (800, 600)
FORMS: Final = ("vaso", "prato", "caneca", "tigela", "luminaria", "azulejo")
QUALITY: Final = 82
Box = tuple[float, float, float, float]
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Picture:
    """One picture: its number from 1, the form drawn, and the file it is saved as."""

    number: int
    form: str
    file: str


def named(number: int, ending: str) -> Picture:
    """Name the picture of this number."""
    form = FORMS[(number - 1) % len(FORMS)]
    return Picture(number, form, f"{number:02d}-{form}.{ending}")


ENDINGS: Final = ("jpg",) * 17 + ("jpeg",) * 3 + ("gif",) * 2 + ("png",) * 4 + ("webp",) * 4
PICTURES: Final = tuple(named(number, ending) for number, ending in enumerate(ENDINGS, 1))


def draw(picture: Picture) -> Image.Image:
    """Draw a picture: a ground, a table, the form, and the number, so that two are never mistaken for each other."""
    hue = picture.number * 0.381966 % 1  # the golden angle keeps neighbours apart
    image = Image.new("RGB", SIZE, colour(hue, 0.16, 0.95))
    pen = ImageDraw.Draw(image)
    pen.ellipse((470, -190, 1010, 350), fill=colour(hue + 0.06, 0.26, 0.97))
    pen.rectangle((0, 430, 800, 600), fill=colour(hue + 0.5, 0.20, 0.86))
    pen.ellipse((190, 455, 610, 505), fill=colour(hue + 0.5, 0.24, 0.74))
    shape(pen, picture.form, colour(hue, 0.62, 0.66), colour(hue + 0.08, 0.34, 0.93))
    pen.text((44, 36), f"{picture.number:02d}", font=font(), fill=colour(hue, 0.66, 0.48))
    return image


def colour(hue: float, saturation: float, value: float) -> Colour:
    """Turn hue, saturation and value, each from 0 to 1, into red, green and blue."""
    red, green, blue = colorsys.hsv_to_rgb(hue % 1, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


@cache
def font() -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Load the font of the numbers, which comes with Pillow."""
    return ImageFont.load_default(size=84)


def shape(pen: ImageDraw.ImageDraw, form: str, body: Colour, light: Colour) -> None:
    """Draw a form standing on the table."""
    outlines: dict[str, list[tuple[float, float]]] = {
        "vaso": [(350, 150), (450, 150), (435, 220), (520, 330), (470, 480), (330, 480), (280, 330), (365, 220)],
        "tigela": [(210, 290), (590, 290), (545, 410), (460, 480), (340, 480), (255, 410)],
        "luminaria": [(330, 170), (470, 170), (560, 350), (420, 350), (430, 480), (370, 480), (380, 350), (240, 350)],
        "caneca": [(290, 220), (500, 220), (490, 480), (300, 480)],
    }
    if form in outlines:
        if form == "caneca":
            pen.arc((450, 265, 590, 420), -100, 100, fill=body, width=30)
        pen.polygon(outlines[form], fill=body)
        stripe(pen, outlines[form], light)
    else:
        plate(pen, body, light) if form == "prato" else tile(pen, body, light)


def stripe(pen: ImageDraw.ImageDraw, outline: list[tuple[float, float]], light: Colour) -> None:
    """Draw a row of dots along the middle of a form."""
    middle = sum(y for _, y in outline) / len(outline)
    pen.line((320, middle + 40, 480, middle + 40), fill=light, width=10)
    for x in range(330, 480, 35):
        pen.ellipse((x - 9, middle + 4, x + 9, middle + 22), fill=light)


def plate(pen: ImageDraw.ImageDraw, body: Colour, light: Colour) -> None:
    """Draw a plate standing up, with petals."""
    pen.ellipse((225, 130, 575, 480), fill=body)
    pen.ellipse((270, 175, 530, 435), outline=light, width=8)
    for turn in range(8):
        x, y = 400 + 70 * math.cos(turn * math.pi / 4), 305 + 70 * math.sin(turn * math.pi / 4)
        pen.ellipse((x - 24, y - 24, x + 24, y + 24), fill=light)


def tile(pen: ImageDraw.ImageDraw, body: Colour, light: Colour) -> None:
    """Draw a tile with a diamond in each quarter."""
    pen.rectangle((240, 140, 570, 470), fill=body)
    for x, y in ((322, 222), (488, 222), (322, 388), (488, 388)):
        pen.polygon([(x, y - 62), (x + 62, y), (x, y + 62), (x - 62, y)], fill=light)


def save(picture: Picture, folder: Path) -> None:
    """Draw a picture and save it in the format that its ending names."""
    image = draw(picture)
    if picture.file.endswith("gif"):
        image.quantize(64, dither=Image.Dither.NONE).save(folder / picture.file)
    else:
        image.save(folder / picture.file, quality=QUALITY)


def save_paper(path: Path) -> None:
    """Save a one-page estimate as PDF."""
    page = Image.new("RGB", (595, 842), "white")
    ImageDraw.Draw(page).text(
        (72, 90), "Aurora Cerâmica - Orçamento", font=ImageFont.load_default(size=28), fill="black"
    )
    page.save(path)


def save_bell(path: Path) -> None:
    """Save half a second of a fading note as WAV."""
    rate = 8000
    samples = bytes(
        round(128 + 90 * math.exp(-t / 1200) * math.sin(t * 2 * math.pi * 660 / rate)) for t in range(rate // 2)
    )
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(1)
        out.setframerate(rate)
        out.writeframes(samples)
