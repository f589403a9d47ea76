"""What a target file leaves out: ${VARIABLE} in any text, and secrets, which are never written in the file itself."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from pydantic import SecretStr

from releasegate.core.redaction import redactor
from releasegate.core.settings import from_environment
from releasegate.files.shape import Location, parts, show_key

_VARIABLE: Final = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_FILE: Final = "file:"
_PASSWORD_WORD: Final = re.compile(r"(?:^|\s)password\s*=\s*('(?:[^'\\]|\\.)*'|\S+)")
_SOUNDS_SECRET: Final = re.compile(r"PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL", re.IGNORECASE)
_OF_A_BROWSER_STEP: Final = frozenset({"EMAIL", "PASSWORD"})  # the page's own login, filled in by the browser


class Filling:
    """Fills in the texts of one target file; `problems` say why a key could not be, `warnings` are for people.

    A text that cannot be filled in stays as it is.
    Every secret is registered with the redactor before anybody else sees it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.problems: dict[Location, str] = {}
        self.warnings: list[str] = []

    def __call__(self, place: Location, hint: Any, text: str) -> str:
        """Return what `text`, the value at `place` of type `hint`, stands for."""
        if SecretStr not in parts(hint):
            return self._variables(place, text, is_secret=False)
        if place[-1] == "dsn":
            return self._dsn(place, text)
        if text.startswith(_FILE):
            return _registered(self._file(place, text.removeprefix(_FILE)))
        if not _VARIABLE.search(text):
            self._refuse(place, "a secret is written in the file, which others read; accepted: ${VARIABLE}, file:PATH")
            return text
        return _registered(self._variables(place, text, is_secret=True))

    def _dsn(self, place: Location, text: str) -> str:
        """Return a connection string; only the password in it is secret, the rest of it may be written down."""
        if text.startswith(_FILE):
            text = self._file(place, text.removeprefix(_FILE))
        elif any(not _VARIABLE.search(password) for password in _passwords(text)):
            self._refuse(
                place, "a password is written in the file, which others read; accepted: ${VARIABLE} in its place, "
                "password = ... beside it, file:PATH"
            )  # fmt: skip
        filled = self._variables(place, text, is_secret=False)
        for password in _passwords(filled):
            _registered(password)
            _registered(unquote(password))
        return filled

    def _variables(self, place: Location, text: str, *, is_secret: bool) -> str:
        kept = _OF_A_BROWSER_STEP if place[:2] == ("frontend", "steps") else frozenset()

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name in kept:
                return match[0]
            found = from_environment(name)
            if found is None:
                self._refuse(place, f"environment variable {name} is not set; set it where the gate is run")
                return match[0]
            if is_secret and not found:
                self._refuse(place, f"environment variable {name} is empty; a secret cannot be")
            if _SOUNDS_SECRET.search(name) and place[-1] != "dsn":
                _registered(found)
            return found

        return _VARIABLE.sub(value, text)

    def _file(self, place: Location, name: str) -> str:
        path = self._folder / Path(name).expanduser()
        try:
            secret = path.read_text(encoding="utf-8").rstrip("\r\n")
            mode = stat.S_IMODE(path.stat().st_mode)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            self._refuse(place, f"file {path} cannot be read: {reason}; put the secret there, mode 0600")
            return _FILE + name
        if not secret:
            self._refuse(place, f"file {path} is empty; put the secret there, mode 0600")
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            self.warnings.append(f"{show_key(place)}: {path} is open to others (mode {mode:04o}); chmod 600 {path}")
        return secret

    def _refuse(self, place: Location, why: str) -> None:
        self.problems.setdefault(place, why)


def _registered(secret: str) -> str:
    redactor.register(secret)
    return secret


def _passwords(dsn: str) -> list[str]:
    """Return the passwords in a libpq connection string, URL or key=value, as they are written."""
    if "://" not in dsn:
        return [word.strip("'") for word in _PASSWORD_WORD.findall(dsn)]
    try:
        address = urlsplit(dsn)
    except ValueError:
        return []
    in_query = parse_qs(address.query).get("password", [])
    return [password for password in (address.password, *in_query) if password]
