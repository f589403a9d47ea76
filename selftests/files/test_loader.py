"""What an operator reads when a file is wrong."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import Field, SecretStr, model_validator

from releasegate.core import UsageError
from releasegate.files import Length, Model, Pattern, Pointer, Url, load_model


class Server(Model):
    """A table with a key of every kind."""

    url: Url
    port: int | None = None
    share: float = 0.5
    is_on: bool = True
    kind: Literal["big", "small"] = "big"
    timeout: Length = "5s"
    words: tuple[Pattern, ...] = Field(default=(), max_length=2)
    at: Pointer = ""
    password: SecretStr | None = None
    steps: dict[Literal["login", "inbox"], str] = {}


class File(Model):
    """A file with one table, or a list of them."""

    name: str = Field(min_length=1)
    server: Server | None = None
    servers: tuple[Server, ...] = ()

    @model_validator(mode="after")
    def _not_both(self):
        if self.server and self.servers:
            raise ValueError("server and servers: give one of them")
        return self


WRONG = {
    "": "name: is missing; it must be given",
    "name = ''": 'name: "" was given; accepted: a text that is not empty',
    "name = 5": 'name: 5 was given; accepted: a text, in quotes: "..."',
    "name = 'x'\nservr = 1": "servr: unknown key (did you mean 'server'?); accepted here: name, server, servers",
    "name = 'x'\nqqq = 1": "qqq: unknown key; accepted here: name, server, servers",
    "name = 'x'\nserver = 1": "server: 1 was given; accepted: a table",
    "name = 'x'\nservers = 1": "servers: 1 was given; accepted: a list: [...]",
    "name = 'x'\n[server]": "server.url: is missing; it must be given",
    "name = 'x'\n[server]\nurl = 'ftp://x'":
        'server.url: "ftp://x" was given; accepted: an address that begins with http:// or https://',
    "name = 'x'\n[server]\nurl = 'http://x'\nport = '80'":
        'server.port: "80" was given; accepted: a whole number, without quotes',
    "name = 'x'\n[server]\nurl = 'http://x'\nport = true":
        "server.port: true was given; accepted: a whole number, without quotes",
    "name = 'x'\n[server]\nurl = 'http://x'\nshare = '1'":
        'server.share: "1" was given; accepted: a number, without quotes',
    "name = 'x'\n[server]\nurl = 'http://x'\nis_on = 1": "server.is_on: 1 was given; accepted: true or false",
    "name = 'x'\n[server]\nurl = 'http://x'\nkind = 'bigg'":
        "server.kind: \"bigg\" was given; accepted: 'big' or 'small'",
    "name = 'x'\n[server]\nurl = 'http://x'\ntimeout = '5'":
        'server.timeout: "5" was given; accepted: a length of time of at least 1s: 30s, 5m, 2h, 7d, 1h30m',
    "name = 'x'\n[server]\nurl = 'http://x'\ntimeout = '0s'":
        'server.timeout: "0s" was given; accepted: a length of time of at least 1s: 30s, 5m, 2h, 7d, 1h30m',
    "name = 'x'\n[server]\nurl = 'http://x'\nwords = ['a', '(']":
        'server.words[1]: "(" was given; accepted: a regular expression (this one is none: missing ), unterminated '
        "subpattern at position 0)",
    "name = 'x'\n[server]\nurl = 'http://x'\nwords = ['a', 'b', 'c']":
        'server.words: ["a", "b", "c"] was given; accepted: a list of at most 2',
    "name = 'x'\n[server]\nurl = 'http://x'\nat = 'id'":
        'server.at: "id" was given; accepted: a JSON pointer: "" for the whole, /field, /list/0/field',
    "name = 'x'\n[server]\nurl = 'http://x'\npassword = 12345":
        'server.password: something else than a text was given; accepted: a text, in quotes: "..."',
    "name = 'x'\n[server.steps]\nlogn = 'x'\n[[servers]]\nurl = 'http://x'":
        "server.url: is missing; it must be given\n"
        "server.steps.logn: unknown key (did you mean 'login'?); accepted here: login, inbox",
    "name = 'x'\n[[servers]]\nurl = 'http://x'\n[[servers]]\nurl = 'http://y'\nprt = 1":
        "servers[1].prt: unknown key (did you mean 'port'?); accepted here: "
        "at, is_on, kind, password, port, share, steps, timeout, url, words",
    "name = 'x'\n[server]\nurl = 'http://x'\n[[servers]]\nurl = 'http://x'": "server and servers: give one of them",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_key_is_named_with_what_is_accepted(text, tmp_path):
    """Each error says file, key, what was given and what is accepted; a secret is never repeated."""
    path = tmp_path / "file.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError) as error:
        load_model(File, path)
    assert str(error.value) == "\n".join(f"{path}: {line}" for line in WRONG[text].splitlines())


def test_a_right_file_is_a_model(tmp_path):
    """Whole numbers are good where any number is; lists become tuples."""
    path = tmp_path / "file.toml"
    path.write_text("name = 'x'\n[[servers]]\nurl = 'https://x/prefix'\nshare = 1\nwords = ['a']", "utf-8")
    (server,) = load_model(File, path).servers
    assert (server.share, server.words) == (1.0, ("a",))


def test_all_wrong_keys_are_named_at_once(tmp_path):
    """Nobody mends a file one error at a time."""
    path = tmp_path / "file.toml"
    path.write_text("nam = 'x'\n[server]\nurl = 3\nport = 'x'", "utf-8")
    with pytest.raises(UsageError) as error:
        load_model(File, path)
    assert [line.split(": ")[1] for line in str(error.value).splitlines()] == [
        "name",
        "server.url",
        "server.port",
        "nam",
    ]


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path):
    """The message names the file and what to give."""
    path = tmp_path / "file.toml"
    with pytest.raises(UsageError) as error:
        load_model(File, path)
    assert str(error.value) == f"{path}: cannot be read: No such file or directory; give the path of a TOML file"


def test_a_file_that_is_no_toml_is_a_usage_error(tmp_path):
    """The message names the line."""
    path = tmp_path / "file.toml"
    path.write_text("name = 'x'\nname", "utf-8")
    with pytest.raises(UsageError) as error:
        load_model(File, path)
    assert str(error.value) == f"{path}: is no TOML: Expected '=' after a key in a key/value pair (at end of document)"


def test_a_file_that_is_not_utf_8_is_a_usage_error(tmp_path):
    """A file saved by an old editor is not half read."""
    path = tmp_path / "file.toml"
    path.write_bytes("name = 'é'".encode("latin-1"))
    with pytest.raises(UsageError) as error:
        load_model(File, path)
    assert str(error.value) == f"{path}: is not UTF-8 (invalid continuation byte); give the path of a TOML file"
