"""Blobs on their way into the page: read by path, shown as pictures within a budget, never guessed at."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from pathlib import Path, PurePath

from markupsafe import Markup

from releasegate.report.plots.recorded import ReadBlob
from releasegate.report.views import Picture

LARGEST_PICTURE = 600_000
"""Bytes of one screenshot inside the page; a full page at 1280 by 800 has 50 000 to 300 000."""
ALL_PICTURES = 2_700_000
"""Bytes of all screenshots together; as base64 they take a third more, and the page is to stay below its limit."""

_KINDS = {".png": ("image/png", b"\x89PNG\r\n"), ".jpg": ("image/jpeg", b"\xff\xd8\xff"),
          ".jpeg": ("image/jpeg", b"\xff\xd8\xff")}  # fmt: skip


def from_folder(root: Path) -> ReadBlob:
    """Return a reader of the blobs below `root`; a path that leads elsewhere, or nowhere, gives None."""

    def read(path: str) -> bytes | None:
        name = PurePath(path).name
        if path != f"blobs/{name}":
            return None
        try:
            return (root / "blobs" / name).read_bytes()
        except OSError:
            return None

    return read


def from_nowhere(_path: str) -> None:
    """Read no blob: a report without its folder shows names only."""


class Album:
    """The pictures of one page, each shown once; it spends their common budget in the order of the page."""

    def __init__(self, read: ReadBlob, say: Callable[..., str]) -> None:
        self.read = read
        self._say = say
        self._left = ALL_PICTURES
        self._shown: dict[str, str] = {}

    def picture(self, name: str, path: str) -> Picture | None:
        """Return the picture `name` at `path`, or None when its name is not a picture's."""
        kind = _KINDS.get(PurePath(path).suffix.lower())
        if kind is None:
            return None
        if path in self._shown:
            return Picture(name=name, source=None, same_as=self._shown[path], note=self._say("shown above"))
        data = self.read(path)
        if data is None:
            return Picture(name=name, source=None, note=self._say("missing: {path}", path=path))
        if not data.startswith(kind[1]):
            return Picture(name=name, source=None, note=self._say("not a picture: {path}", path=path))
        if len(data) > min(LARGEST_PICTURE, self._left):
            kilobytes = len(data) // 1000
            note = self._say("not shown here, {size} kB: {path}", size=kilobytes, path=path)
            return Picture(name=name, source=None, note=note)
        self._left -= len(data)
        self._shown[path] = f"picture-{len(self._shown) + 1}"
        source = Markup(f"data:{kind[0]};base64,{b64encode(data).decode()}")  # noqa: S704 - base64
        return Picture(name=name, source=source, id=self._shown[path])
