"""The media host: pictures, clips, sounds and papers, with byte ranges for what is played."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

BY_ENDING = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".gif": "image/gif",
    ".webp": "image/webp",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".webm": "video/webm",
    ".mp3": "audio/mpeg",
    ".wav": "audio/wav",
    ".pdf": "application/pdf",
}
BY_FIRST_BYTES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG", "image/png"),
    (b"GIF8", "image/gif"),
    (b"%PDF", "application/pdf"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"ID3", "audio/mpeg"),
)


def content_type(path: Path) -> str:
    """Tell a file's type by its ending, and where it has none by its first bytes."""
    known = BY_ENDING.get(path.suffix.lower())
    if known:
        return known
    with path.open("rb") as handle:
        head = handle.read(16)
    if head[4:8] == b"ftyp":
        return "video/mp4"
    return next((kind for begin, kind in BY_FIRST_BYTES if head.startswith(begin)), "application/octet-stream")


async def media(request: Request) -> Response:
    """Answer GET /media/PATH; a slash at the end is forgiven, a way out of the folder is not."""
    folder: Path = request.app.state.settings.media.resolve()
    path = (folder / request.path_params["path"].strip("/")).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        return PlainTextResponse("gone", status_code=404, headers={"cache-control": "no-store"})
    return FileResponse(path, media_type=content_type(path), headers={"cache-control": "no-cache"})
