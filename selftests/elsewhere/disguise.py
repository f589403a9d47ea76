"""A copy of the reference that shares no name with it: other words in database, API, logs, files and pages.

Everything is done to the copy's sources, word by word; what is only written differently needs no thought, and what
is built differently (the wire format, the cookie, the pages) is a file of its own in `balcao/`.
"""

from __future__ import annotations

import io
import re
import shutil
import tokenize
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from other_words import OWN_WAY, PHRASES, QUOTED, TEXTS, WORDS

HERE: Final = Path(__file__).parent
ORIGINAL: Final = HERE.parents[1] / "src" / "reference_inbox"
TABLE: Final = 'chat."Mensagens"'

PLAIN: Final = "from starlette.responses import JSONResponse, Response"
ENVELOPED: Final = "from starlette.responses import Response\n\nfrom inbox_api.wire import enveloped as JSONResponse"
_AFTER: Final = r"\b(FROM|INTO|UPDATE|JOIN|TABLE|ON|REFERENCES|COPY|IF EXISTS|VACUUM \(ANALYZE\))"
_TABLE: Final = re.compile(rf"{_AFTER} messages\b(?!\w|\.)")


def disguised(folder: Path) -> Path:
    """Copy the reference's package into `folder` and change it; return the folder, for PYTHONPATH."""
    copy = folder / "reference_inbox"
    shutil.copytree(ORIGINAL, copy, ignore=shutil.ignore_patterns("__pycache__", "promises/*.toml"))
    for path in sorted(copy.rglob("*")):
        if path.suffix in (".py", ".sql", ".js", ".css", ".html"):
            path.write_text(_rewritten(path), "utf-8")
    for path in sorted([*copy.rglob("*.py"), *copy.rglob("*.sql")]):
        path.rename(path.with_name(_phrases(_words(path.name, WORDS))))
    _build_differently(copy / "releases")
    _change_here_and_there(copy)
    return folder


def _rewritten(path: Path) -> str:
    text = path.read_text("utf-8")
    if path.suffix == ".py":
        text = "".join(_python(text))
    elif path.suffix == ".sql":
        text = _quoted(_words(_TABLE.sub(rf"\1 {TABLE}", text), WORDS))
    elif path.name == "texts.js":
        text = re.sub(r'"([^"]+)"', lambda found: f'"{TEXTS.get(found[1], found[1])}"', text)
    return _phrases(text)


def _python(text: str) -> Iterator[str]:
    """Yield the source piece by piece: tables within strings, words everywhere but in comments."""
    lines, row, column = text.splitlines(keepends=True), 1, 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        (begin_row, begin), (end_row, end) = token.start, token.end
        while (row, column) < (begin_row, begin):  # what stands between two tokens, line ends included
            line = lines[row - 1]
            stop = begin if row == begin_row else len(line)
            yield line[column:stop]
            row, column = (row, stop) if row == begin_row else (row + 1, 0)
        yield _token(token)
        row, column = end_row, end


def _token(token: tokenize.TokenInfo) -> str:
    text = token.string
    if token.type == tokenize.STRING:
        is_plain = not text.lstrip("rbfRBF").startswith(('"""', "'''"))
        table = TABLE.replace('"', r"\"") if is_plain else TABLE
        text = _TABLE.sub(lambda found: f"{found[1]} {table}", text)
        text = text.replace("'messages'::regclass", f"'{table}'::regclass")
    elif token.type != tokenize.NAME:
        return text
    return _quoted(_words(text, WORDS))


def _words(text: str, words: Mapping[str, str]) -> str:
    """Replace whole words; part of a hyphenated one (content-type) is none."""
    return re.sub(r"(?<![\w-])[a-z_]+(?![\w-])", lambda found: words.get(found[0], found[0]), text)


def _quoted(text: str) -> str:
    def other(found: re.Match[str]) -> str:
        mark, word = found.groups()
        return f"{mark}{QUOTED.get(word, word)}{mark}"

    return re.sub(r"(?<!\w)([\"'])([a-z]+)\1", other, text)


def _phrases(text: str) -> str:
    for old, new in PHRASES.items():
        text = text.replace(old, new)
    return text


def _build_differently(releases: Path) -> None:
    """Put the wire format and the pages of another make in their places."""
    api = releases / "backend" / "both-releases" / "inbox_api"
    shutil.copy(HERE / "balcao" / "wire.py", api)
    for name in ("atendimentos.py", "messages.py", "login.py"):
        path = api / name
        path.write_text(path.read_text("utf-8").replace(PLAIN, ENVELOPED), "utf-8")
    shutil.copy(HERE / "balcao" / "plain.js", releases / "frontend" / "both-releases" / "site" / "assets")
    for path in sorted((HERE / "balcao" / "pages").iterdir()):
        shutil.copy(path, releases / "frontend" / "1.9.0" / "site" / "assets")


def _change_here_and_there(copy: Path) -> None:
    for name, old, new in OWN_WAY:
        there = (path for path in copy.rglob(Path(name).name) if str(path).endswith(name))
        found = [path for path in there if old in path.read_text("utf-8")]
        assert found, f"{name}: {old!r} is not there any more; the reference has changed, and OWN_WAY has not"
        for path in found:
            path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")
