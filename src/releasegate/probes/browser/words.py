"""The words and signs by which built-in finding knows things, in Portuguese and English.

A page that uses others names them in the target's [locators]; nothing here belongs to one deployment.
"""

from __future__ import annotations

import re
from typing import Final

# ruff: noqa: RUF001  the signs that pages put on their buttons are what is looked for


def _whole(*words: str) -> re.Pattern[str]:
    return re.compile(rf"^\W*(?:{'|'.join(words)})\W*$", re.IGNORECASE)


def _within(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


EMAIL: Final = _within(r"e-?mail", r"usu[aá]rio", r"user ?name", r"\blogin\b", r"endere[cç]o", r"\bconta\b")
PASSWORD: Final = _within(r"senha", r"password", r"passphrase")
SIGN_IN: Final = _whole(
    r"entrar(?: .*)?", r"acessar(?: .*)?", r"fazer login", r"login", r"log ?in", r"sign ?in", r"conectar",
    r"(?:log|sign) in .*", r"iniciar sess[aã]o", r"enviar", r"submit",
)  # fmt: skip
ONWARD: Final = _whole(r"continuar(?: .*)?", r"continue(?: .*)?", r"pr[oó]xim[oa]", r"next", r"avan[cç]ar", r"seguinte")
INBOX: Final = _whole(
    r"inbox", r"mensagens", r"messages", r"conversas", r"conversations", r"caixa de entrada", r"chats?", r"atendimento",
    r"bate-?papo", r"direct", r"(?:ver|abrir|open|view) (?:inbox|mensagens|messages|conversas|conversations)",
)  # fmt: skip
MORE: Final = _within(
    r"(?:mostrar|carregar|ver|exibir) mais", r"(?:show|load|see|view) more", r"mais conversas", r"more conversations"
)
CLOSE: Final = _within(
    r"\bclose\b", r"\bfechar?\b", r"\bdismiss\b", r"\bsair\b", r"\bvoltar\b", r"^[×✕✖✗❌⨯xX]$", r"&times;"
)
NEXT: Final = _within(
    r"\bnext\b",
    r"pr[oó]xim[oa]",
    r"seguinte",
    r"avan[cç]ar",
    r"\bforward\b",
    r"\bright\b",
    r"direita",
    r"^[›»→>❯▶⟩⇨➡]\W*$",
)
PREVIOUS: Final = _within(r"\bprev", r"anterior", r"\bback(?:ward)?\b", r"\bleft\b", r"esquerda", r"^[‹«←<❮◀⟨⇦⬅]\W*$")
