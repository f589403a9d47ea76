"""Secrets and personal data taken out of everything that is shown or kept, before it is hashed."""

from __future__ import annotations

import base64
import json
import re
import shlex
from typing import Any
from urllib.parse import quote, quote_plus

_MASK = "[redacted]"
_SHORTEST_SECRET = 4  # shorter values would blank out ordinary words
_PATTERNS = (
    (re.compile(r"(?i)\bbearer\s+[a-z0-9._~+/=-]{8,}"), f"Bearer {_MASK}"),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"), "[redacted token]"),
    (re.compile(r"(?<=://)([^/\s:@]+):[^/\s@]+(?=@)"), rf"\1:{_MASK}"),
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"), "[redacted e-mail]"),
    (re.compile(r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b"), "[redacted CPF]"),
)


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
        for pattern, mask in _PATTERNS:
            text = pattern.sub(mask, text)
        return text

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


def _encodings(secret: str) -> set[str]:
    return {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        shlex.quote(secret),
        base64.b64encode(secret.encode()).decode().rstrip("="),
    }


redactor = Redactor()
