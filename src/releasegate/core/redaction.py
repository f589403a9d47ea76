"""Secrets and personal data taken out of everything that is shown or kept, before it is hashed."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

_MASK = "[redacted]"
_SHORTEST_SECRET = 4  # shorter values would blank out ordinary words
_SHORTEST_INSIDE = 8  # characters of base64 that a secret must fill by itself to be looked for inside a longer text

_CPF_WEIGHTS = (range(10, 1, -1), range(11, 1, -1))
_CNPJ_WEIGHTS = ((5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2), (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))


def _has_check_digits(text: str, weights: tuple[Any, ...]) -> bool:
    """Whether the last two digits are the check digits of the others, modulo 11 (Receita Federal).

    Letters count by their ASCII code less 48, as in the CNPJ with letters that is issued since July 2026.
    """
    values = [ord(letter) - 48 for letter in text.upper() if letter.isalnum()]
    if len(set(values)) == 1:
        return False  # 111.111.111-11 has them, and is nobody's
    for place, each in zip((-2, -1), weights, strict=True):
        rest = sum(value * weight for value, weight in zip(values[:place], each, strict=True)) % 11
        if values[place] != (0 if rest < 2 else 11 - rest):
            return False
    return True


def _masked_if(weights: tuple[Any, ...], mask: str) -> Callable[[re.Match[str]], str]:
    return lambda match: mask if _has_check_digits(match[0], weights) else match[0]


_NOT_INSIDE = r"(?<![\w.,/-])"  # of a longer number, an id, a path
# in a command or an address: PGPASSWORD=…, --password='…', ?access_token=…; "$VARIABLE" and what is masked stay
_TYPED = (
    r"((?:password|passwd|secret|token|api_?key)=)"
    r"""(?:'(?!\[)[^'\n]{4,200}'|"(?![$\[])[^"\n]{4,200}"|(?![$\[<{*'"])[^\s'"&;]{4,})"""
)
_PATTERNS: tuple[tuple[str, re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    # what a text must hold (tried first, it is quick), what is looked for, and what takes its place
    ("earer", re.compile(r"\b([Bb]earer)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {_MASK}"),
    ("EARER", re.compile(r"\b(BEARER)\s+[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {_MASK}"),
    ("asic", re.compile(r"(?i)(authorization\W{1,4}basic)\s+[a-z0-9+/=_-]{4,}"), rf"\1 {_MASK}"),
    ("=", re.compile(_TYPED, re.IGNORECASE), rf"\1{_MASK}"),
    ("eyJ", re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), "[redacted token]"),
    ("://", re.compile(r"(?<=://)([^/\s:@]+):[^/\s@]+(?=@)"), rf"\1:{_MASK}"),
    ("@", re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"), "[redacted e-mail]"),
    ("-", re.compile(r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b"), "[redacted CPF]"),
    ("", re.compile(rf"{_NOT_INSIDE}\d{{11}}(?![\w.,]?\d|\w)"), _masked_if(_CPF_WEIGHTS, "[redacted CPF]")),
    ("/", re.compile(r"\b[A-Z\d]{2}\.[A-Z\d]{3}\.[A-Z\d]{3}/[A-Z\d]{4}-\d{2}\b"), "[redacted CNPJ]"),
    # without its signs only the first ten branches: fourteen digits are also how a time is written
    (
        "000",
        re.compile(rf"{_NOT_INSIDE}\d{{8}}000\d{{3}}(?![\w.,]?\d|\w)"),
        _masked_if(_CNPJ_WEIGHTS, "[redacted CNPJ]"),
    ),
    # +55 11 91234-5678, (11) 91234-5678, 11 91234-5678: with its country, its brackets, or a mobile's first 9
    ("+", re.compile(r"(?<![\w+])\+\d{2,3}[ .-]?\(?\d{2}\)?[ .-]?9?\d{4}[ .-]?\d{4}\b"), "[redacted phone]"),
    ("(", re.compile(r"(?<!\w)\(\d{2}\) ?9?\d{4}[ .-]?\d{4}\b"), "[redacted phone]"),
    (" 9", re.compile(rf"{_NOT_INSIDE}\d{{2}} 9\d{{4}}-\d{{4}}\b"), "[redacted phone]"),
)
"""Every rule that needs no secret to be known; the numbers are those of Brazil, where the customers are."""


class Redactor:
    """Masks every registered secret in all its usual encodings, then what looks like personal data.

    One instance is shared by everything that writes (`redactor` below): a secret is registered where it is
    loaded, so nothing has to know later which values were secret.
    """

    def __init__(self) -> None:
        self._secrets: set[str] = set()
        self._values: re.Pattern[str] | None = None

    def register(self, secret: str) -> None:
        """Remember `secret`; values under 4 characters are left alone because they would mask ordinary words."""
        if len(secret) >= _SHORTEST_SECRET:
            self._secrets |= _encodings(secret)
            longest_first = sorted(self._secrets, key=len, reverse=True)
            self._values = re.compile("|".join(map(re.escape, longest_first)))

    def text(self, text: str) -> str:
        """Return `text` with every secret and everything that looks like personal data masked."""
        if self._values is not None:
            text = self._values.sub(_MASK, text)
        for sign, pattern, mask in _PATTERNS:
            if sign in text:
                text = pattern.sub(mask, text)
        return text

    def begun(self, text: str) -> int:
        """Return how many characters at the end of `text` may be the beginning of a secret that is not whole yet."""
        return max((_overlap(text, secret) for secret in self._secrets), default=0)

    def data(self, value: Any) -> Any:
        """Return JSON-ready `value` with every text in it masked, keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.data(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.data(item) for item in value]
        return value

    def secrets(self) -> frozenset[str]:
        """Return the registered values with their encodings, so that a worker process can be given them."""
        return frozenset(self._secrets)


def _overlap(text: str, secret: str) -> int:
    """Return the length of the longest end of `text` with which `secret` begins, short of all of it."""
    if not text or text[-1] not in secret:
        return 0  # quick: most texts end with a line end
    longest = min(len(text), len(secret) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(secret[:size])), 0)


def _encodings(secret: str) -> set[str]:
    """Return every usual spelling of `secret`: plain, in a URL, in JSON, for a shell, in Python, in HTML, in base64."""
    spelled = {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(secret)[1:-1])[1:-1],  # JSON in JSON: a log line that quotes a request
        repr(secret)[1:-1],
        html.escape(secret),
        html.escape(secret, quote=False),
        html.escape(secret).replace("&#x27;", "&#39;"),
        *_for_a_shell(secret),
        *_in_base64(secret),
    }
    return {text for text in spelled if len(text) >= _SHORTEST_SECRET}


def _for_a_shell(secret: str) -> Iterator[str]:
    quoted = shlex.quote(secret)
    yield quoted
    yield quoted.removeprefix("'").removesuffix("'")  # it stands inside a longer word
    yield re.sub(r"([^\w@%+=:,./-])", r"\\\1", secret)  # as printf %q and a shell's trace write it
    yield re.sub(r'([\\"$`])', r"\\\1", secret)  # between double quotes


def _in_base64(secret: str) -> Iterator[str]:
    """Yield what base64 makes of `secret`, also behind something else (`user:secret`): three ways, by the offset."""
    data = secret.encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(data).decode().rstrip("=")
        for before in range(3):
            # the first and last characters also hold bits of what stands around the secret
            whole = encode(b"\0" * before + data).decode().rstrip("=")
            inside = whole[-(-before * 8 // 6) : (before + len(data)) * 8 // 6]
            if len(inside) >= _SHORTEST_INSIDE:
                yield inside


redactor = Redactor()
