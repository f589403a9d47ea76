"""The report's languages: English is the source, every other one is a .po file beside this module."""

from __future__ import annotations

import locale
from functools import cache
from pathlib import Path
from typing import cast, get_args

from babel.messages.pofile import read_po

from releasegate.change.models import Locale
from releasegate.core.settings import choose

_FOLDER = Path(__file__).parent


class Language:
    """One language: `t` translates a sentence of the source and fills its named places.

    `recorded` does so for what a gate recorded in fixed words.
    """

    def __init__(self, name: Locale, messages: dict[str, str], recorded: dict[str, str] | None = None) -> None:
        self.name = name
        self._messages = messages
        self._recorded = recorded or {}

    def t(self, message: str, **values: object) -> str:
        """Return `message` in this language with `{name}` replaced; a sentence without translation stays English."""
        translated = self._messages.get(message) or message
        return translated.format(**values) if values else translated

    def recorded(self, text: str) -> str:
        """Return what a gate recorded in fixed words (a claim, a reason, a remedy) in this language.

        "" where there is none: a sentence made with values is quoted as it stands in the evidence.
        """
        return self._recorded.get(text, "")


@cache
def language(name: Locale) -> Language:
    """Return the language called `name`, read from its catalog."""
    own, recorded = (_FOLDER / f"{kind}{name.replace('-', '_')}.po" for kind in ("", "recorded_"))
    if not own.exists():
        return Language(name, {})  # English is the source
    return Language(name, read_catalog(own), read_catalog(recorded))


def read_catalog(path: Path) -> dict[str, str]:
    """Return the translations in a .po file: sentence of the source to sentence of its language."""
    with path.open("rb") as file:
        return {str(message.id): str(message.string) for message in read_po(file) if message.id}


def of_this_machine() -> Locale:
    """Return the language of RELEASEGATE_LANG, else of the machine's locale; English where there is no other."""
    default: Locale = "pt-BR" if (locale.getlocale()[0] or "").lower().startswith("pt") else "en"
    return choose("lang", default=default, parse=_known).value


def _known(name: str) -> Locale:
    for known in get_args(Locale):
        if name == known:
            return cast("Locale", known)
    raise ValueError(", ".join(get_args(Locale)))
