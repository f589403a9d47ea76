"""Every shape of media address that the seed uses, and the file behind it.

A ring: the nth message with media takes the nth entry, so a hundred of them already show each shape, and the
frequent shapes (a photo with a lower-case ending) are as frequent as in real inboxes.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit

from reference_inbox.seeding.pictures import PICTURES


@dataclass(frozen=True)
class Shape:
    """One address below /media/, the message type that goes with it, how often the ring holds it, and its file.

    `file` is the picture or clip whose bytes are served; None is dead media, answered 404.
    """

    address: str
    message_type: str
    weight: int
    file: str | None

    @property
    def stored_as(self) -> str:
        """The path below the media folder that the address leads to."""
        return unquote(urlsplit(self.address).path).strip("/")


def photo(number: int) -> str:
    """Name the file of a picture."""
    return PICTURES[number].file


PLAIN: Final = tuple(
    Shape(f"photos/{one.file}", "image", 2 if one.file.endswith("jpg") else 1, one.file) for one in PICTURES
)

ODD: Final = (
    # other cases of the ending, as cameras write them
    Shape("photos/IMG_0107.JPG", "image", 2, photo(0)),
    Shape("photos/CATALOGO.PNG", "image", 1, photo(22)),
    Shape("clips/VID_0042.MP4", "video", 1, "forno.mp4"),
    # something after the path, with another ending in it
    Shape("photos/feira.jpg?w=640&h=480&sig=9f.3c", "image", 2, photo(2)),
    Shape("photos/feira-2.jpg?download=clip.mp4", "image", 1, photo(3)),
    Shape("clips/torno.mp4?start=1.5&poster=capa.png", "video", 1, "roda-de-oleiro.mp4"),
    Shape("clips/torno-2.mp4#t=1.5", "video", 1, "roda-de-oleiro.mp4"),
    Shape("photos/mesa.jpeg#preview", "image", 1, photo(17)),
    # names that are not plain ASCII, escaped or as they are
    Shape("photos/foto%20da%20loja.jpg", "image", 1, photo(4)),
    Shape("photos/pe%C3%A7a%20%C3%BAnica.png", "image", 1, photo(23)),
    Shape("photos/coleção-verão.jpg", "image", 1, photo(5)),
    Shape("photos/Ação de São João.JPEG", "image", 1, photo(18)),
    Shape("photos/花瓶.webp", "image", 1, photo(27)),
    # a slash at the end
    Shape("photos/vitrine.jpg/", "image", 1, photo(6)),
    # no ending: the message's type decides
    Shape("stories/9f3c27aa", "image", 2, photo(7)),
    Shape("v2.1/shared/77aa0c", "image", 1, photo(8)),
    Shape("stories/5be01d44", "video", 1, "forno.mp4"),
    Shape("stories/voz-31", "audio", 1, "recado.mp3"),
    Shape("stories/papel-12", "file", 1, "orcamento.pdf"),
    # the ending and the message's type disagree: the ending is right
    Shape("clips/reel.mp4", "image", 1, "forno.mp4"),
    Shape("photos/legenda.jpg", "text", 2, photo(9)),
    # what is not a picture
    Shape("clips/roda-de-oleiro.mp4", "video", 4, "roda-de-oleiro.mp4"),
    Shape("clips/forno.mp4", "video", 3, "forno.mp4"),
    Shape("clips/pintura.mov", "video", 2, "pintura.mov"),
    Shape("clips/vitrine.webm", "video", 3, "vitrine.webm"),
    Shape("voz/recado.mp3", "audio", 2, "recado.mp3"),
    Shape("voz/sino.wav", "audio", 1, "sino.wav"),
    Shape("papeis/orcamento.pdf", "file", 2, "orcamento.pdf"),
    # media that is gone: links of this kind expire
    Shape("gone/expired-1842.jpg", "image", 1, None),
    Shape("gone/expired-77.mp4", "video", 1, None),
)

SHAPES: Final = PLAIN + ODD


def ring() -> list[Shape]:
    """Lay the shapes round, rare ones spread between frequent ones, the same way every time."""
    places = [
        (turn / shape.weight + order / (7 * len(SHAPES)), order, shape)
        for order, shape in enumerate(SHAPES)
        for turn in range(shape.weight)
    ]
    return [shape for _, _, shape in sorted(places, key=lambda place: place[:2])]
