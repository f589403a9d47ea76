"""The media folder: every file that an address of the seed leads to."""

import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from pathlib import Path

from reference_inbox.seeding.pictures import PICTURES, save, save_bell, save_paper
from reference_inbox.seeding.shapes import SHAPES


def write(media: Path) -> int:
    """Make the media folder and return how many files it has.

    Each address gets a file of its own, so that one can be removed by hand without others going too.
    What is drawn first lies inside the folder, so that it goes with it when this is killed on the way.
    """
    media.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=media) as made:
        draw_all(Path(made))
        for shape in SHAPES:
            if shape.file is not None:
                place(Path(made) / shape.file, media / shape.stored_as)
    return sum(1 for path in media.rglob("*") if path.is_file())


def draw_all(folder: Path) -> None:
    """Make every source file once: pictures drawn side by side, clips copied from the package."""
    with ThreadPoolExecutor(os.cpu_count()) as hands:
        list(hands.map(lambda picture: save(picture, folder), PICTURES))
    save_paper(folder / "orcamento.pdf")
    save_bell(folder / "sino.wav")
    for clip in resources.files("reference_inbox.seeding").joinpath("clips").iterdir():
        if clip.name.endswith((".mp4", ".mov", ".webm", ".mp3")):
            (folder / clip.name).write_bytes(clip.read_bytes())


def place(source: Path, target: Path) -> None:
    """Copy a file to where its address leads."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
