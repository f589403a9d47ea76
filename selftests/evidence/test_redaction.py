"""Secrets in every spelling, and personal data by its shape; ordinary numbers stay."""

from __future__ import annotations

import base64
import html
import json
import shlex
import subprocess
from urllib.parse import quote, quote_plus

import pytest

from releasegate.core.redaction import Redactor

SECRET = "p@ss/wörd+%:' 7Kx\"$(id)&<b>\\n"


def bash_quoted(secret: str) -> str:
    done = subprocess.run(["bash", "-c", 'printf %q "$1"', "_", secret], capture_output=True, text=True, check=True)
    return done.stdout


SPELLINGS = {
    "plain": SECRET,
    "url": quote(SECRET),
    "url, every sign": quote(SECRET, safe=""),
    "form": quote_plus(SECRET),
    "json": json.dumps(SECRET)[1:-1],
    "json as utf-8": json.dumps(SECRET, ensure_ascii=False)[1:-1],
    "json in json": json.dumps(json.dumps({"password": SECRET})),
    "shell": shlex.quote(SECRET),
    "shell, inside a word": shlex.quote(f"password={SECRET}"),
    "python": repr(SECRET)[1:-1],
    "html": html.escape(SECRET),
    "xml": html.escape(SECRET, quote=False),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    **{
        f"base64 behind {len(name)} letters": base64.b64encode(f"{name}:{SECRET}:".encode()).decode()
        for name in ("", "u", "us", "ana")
    },
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_is_masked_as(spelling):
    """Whatever wrote it: nothing of it that could be used is left."""
    redactor = Redactor()
    redactor.register(SECRET)
    text = redactor.text(f"before {SPELLINGS[spelling]} after")
    assert "[redacted]" in text
    assert "7Kx" not in text
    assert text.startswith("before ")
    assert text.endswith(" after")


def test_a_secret_is_masked_as_the_shell_traces_it():
    """`set -x` and `printf %q` write their own escapes."""
    secret = "p ss:'7Kx$(id)&"
    redactor = Redactor()
    redactor.register(secret)
    assert "7Kx" not in redactor.text(bash_quoted(secret))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("CPF 529.982.247-25", "CPF [redacted CPF]"),
        ("cpf=52998224725;", "cpf=[redacted CPF];"),
        ("CNPJ 11.222.333/0001-81", "CNPJ [redacted CNPJ]"),
        ("CNPJ 12.ABC.345/01DE-35", "CNPJ [redacted CNPJ]"),
        ("11222333000181", "[redacted CNPJ]"),
        ("ana.souza+loja@exemplo.com.br", "[redacted e-mail]"),
        ("ligue +55 (11) 91234-5678 hoje", "ligue [redacted phone] hoje"),
        ("+5511912345678", "[redacted phone]"),
        ("(11) 3123-4567", "[redacted phone]"),
        ("11 91234-5678", "[redacted phone]"),
        ("Authorization: Bearer abcdefgh1", "Authorization: Bearer [redacted]"),
        ("authorization: basic dXNlcjpwYXNz", "authorization: basic [redacted]"),
        ("PGPASSWORD=hunter22 pg_dump -F c", "PGPASSWORD=[redacted] pg_dump -F c"),
        ("mysql --password='hunter 22'", "mysql --password=[redacted]"),
        ("GET /x?access_token=abcd1234&page=2", "GET /x?access_token=[redacted]&page=2"),
        ("eyJhbGciOiJI.eyJzdWIiOiIx.c2ln", "[redacted token]"),
        ("postgresql://ana:secret@db/x", "postgresql://ana:[redacted]@db/x"),
    ],
)
def test_personal_data_is_masked_by_its_shape(text, shown):
    """Brazilian numbers by their check digits or signs, addresses, tokens."""
    assert Redactor().text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "52998224724 rows",  # eleven digits without the check digits
        "11111111111",
        "FEAT-2025-20251103111429",
        "20251103111429 db_backup_20251103_111429.dump",
        "7712213624775676078/social_selling",
        "2025-11-03 02:10:07.512 UTC",
        "127.0.0.1:50083",
        "499 997 of 500 000 rows, 1 936 ms, 99.99 %",
        "7c1f9ae0-1111-4222-8333-444455556666",
        "0.52998224725 s",
        "sha256 5d5d5d529982247255d5d5d",
        "12 90000 1234",
        "basic authentication is refused",
        'PGPASSWORD=$PLANTED psql; password=${PLANTED}; token=<yours>; token="$T"',
        "password = the one of the role; tokens: 12",
        "/media/52998224725.jpg",
    ],
)
def test_what_only_looks_a_little_like_it_stays(text):
    """A gate's own numbers, times and ids are evidence."""
    assert Redactor().text(text) == text


def test_a_very_short_secret_blanks_out_no_words():
    """Under four characters a value is no secret, and would be everywhere."""
    redactor = Redactor()
    redactor.register("abc")
    assert redactor.text("abcdef") == "abcdef"


def test_keys_and_values_of_data_are_masked():
    """Also deep inside a payload."""
    redactor = Redactor()
    redactor.register("correct-horse")
    data = {"a": [{"correct-horse": ("x", "correct-horse!")}], "b": 1}
    assert redactor.data(data) == {"a": [{"[redacted]": ["x", "[redacted]!"]}], "b": 1}
