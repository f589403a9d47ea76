"""Target files: secrets, paths, and what contradicts itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from releasegate import target as targets
from releasegate.core import UsageError
from releasegate.core.redaction import redactor

PLANTED = "pl4nted-s3cret"


@pytest.fixture
def load(tmp_path):
    """Return a function that writes a target file and loads it."""

    def load(text: str):
        path = tmp_path / "t.toml"
        path.write_text(f'name = "t"\n{text}', "utf-8")
        return targets.load(path)

    return load


@pytest.fixture
def refusal(load, tmp_path):
    """Return a function that tells why a target file is refused, without its path."""

    def refusal(text: str) -> str:
        with pytest.raises(UsageError) as error:
            load(text)
        return str(error.value).replace(f"{tmp_path / 't.toml'}: ", "").replace(str(tmp_path), "HERE")

    return refusal


def test_a_variable_is_filled_in_anywhere(load, monkeypatch):
    """In a part of a text, in tables and in lists."""
    monkeypatch.setenv("PLACE", "staging")
    target = load(
        '[backend]\nurl = "http://${PLACE}.internal"\nquery = { account = "${PLACE}-1" }\n'
        '[frontend]\nurl = "http://x"\nhosts = ["cdn.${PLACE}.internal"]\n'
    ).target
    assert (target.backend.url, target.backend.query) == ("http://staging.internal", {"account": "staging-1"})
    assert target.frontend.hosts == ("cdn.staging.internal",)


def test_what_is_no_secret_is_not_masked(load, monkeypatch):
    """A host name that came from the environment stays readable."""
    monkeypatch.setenv("PLACE", "a-staging-host")
    load('[backend]\nurl = "http://${PLACE}"\n')
    assert redactor.text("a-staging-host is up") == "a-staging-host is up"


def test_a_variable_that_is_not_set_is_named_with_its_key(refusal, monkeypatch):
    """Once: what is wrong because of it is not said again."""
    monkeypatch.delenv("NOWHERE", raising=False)
    assert refusal('[backend]\nurl = "${NOWHERE}"\n') == (
        "backend.url: environment variable NOWHERE is not set; set it where the gate is run"
    )


def test_a_secret_in_the_file_is_refused(refusal):
    """And not repeated."""
    said = refusal(f'[backend]\nurl = "http://x"\n[backend.login]\nemail = "a"\npassword = "{PLANTED}"\n')
    assert said == (
        "backend.login.password: a secret is written in the file, which others read; accepted: ${VARIABLE}, file:PATH"
    )


@pytest.mark.parametrize("dsn", [f"postgresql://u:{PLANTED}@h/d", f"host=h password={PLANTED}",
    f"host=h password = '{PLANTED}'", f"postgresql://h/d?password={PLANTED}"])  # fmt: skip
def test_a_password_in_a_dsn_is_refused(refusal, dsn):
    """In any of the forms that libpq knows."""
    assert refusal(f'[database]\ndsn = "{dsn}"\n') == (
        "database.dsn: a password is written in the file, which others read; accepted: ${VARIABLE} in its place, "
        "password = ... beside it, file:PATH"
    )


@pytest.mark.parametrize("dsn", ["postgresql://u@h/d", "host=h dbname=d", "postgresql://u:${DSN_WORD}@h/d"])
def test_a_dsn_without_a_password_may_be_written_down(load, monkeypatch, dsn):
    """Where it is, and for whom, is no secret; a variable in the password's place is none yet."""
    monkeypatch.setenv("DSN_WORD", "dsn-p4ssword")
    target = load(f'[database]\ndsn = "{dsn}"\n').target
    assert target.database.dsn.get_secret_value() == dsn.replace("${DSN_WORD}", "dsn-p4ssword")


def test_the_password_of_a_dsn_is_masked_and_the_rest_is_not(load, monkeypatch):
    """Also when the whole of it comes from the environment, and in both its spellings."""
    monkeypatch.setenv("WHOLE_DSN", "postgresql://u:p%40ss-w0rd@a-database-host/d")
    load('[database]\ndsn = "${WHOLE_DSN}"\n')
    assert redactor.text("p%40ss-w0rd and p@ss-w0rd") == "[redacted] and [redacted]"
    assert redactor.text("a-database-host") == "a-database-host"


def test_a_secret_never_shows(load, monkeypatch):
    """Not in a repr, not in JSON, not in a text that went through the redactor."""
    monkeypatch.setenv("API_TOKEN", PLANTED)
    target = load('[backend]\nurl = "http://x"\n[backend.login]\nkind = "token"\ntoken = "${API_TOKEN}"\n').target
    assert target.backend.login.token.get_secret_value() == PLANTED
    assert PLANTED not in repr(target)
    assert PLANTED not in target.model_dump_json()
    assert PLANTED not in redactor.text(f"curl -H 'Authorization: Bearer {PLANTED}'")


def test_a_variable_that_sounds_secret_is_masked_wherever_it_stands(load, monkeypatch):
    """A client's key is sent beside the e-mail, in a field of the deployment's own."""
    monkeypatch.setenv("CLIENT_KEY", "k3y-of-the-client")
    load(
        '[backend]\nurl = "http://x"\n[backend.login]\nemail = "a"\npassword = "${CLIENT_KEY}"\n'
        'fields = { client = "${CLIENT_KEY}" }\n'
    )
    assert redactor.text("k3y-of-the-client") == "[redacted]"


def test_a_secret_s_file_lies_beside_the_target_file(load, tmp_path):
    """Without the line's end."""
    secret = tmp_path / "word"
    secret.write_text(f"{PLANTED}\n", "utf-8")
    secret.chmod(0o600)
    loaded = load('[frontend]\nurl = "http://x"\npassword = "file:word"\n')
    assert loaded.target.frontend.password.get_secret_value() == PLANTED
    assert loaded.warnings == ()


def test_a_secret_s_file_that_others_read_is_a_warning(load, tmp_path):
    """With the command that mends it."""
    secret = tmp_path / "word"
    secret.write_text(PLANTED, "utf-8")
    secret.chmod(0o644)
    loaded = load('[frontend]\nurl = "http://x"\npassword = "file:word"\n')
    assert loaded.warnings == (f"frontend.password: {secret} is open to others (mode 0644); chmod 600 {secret}",)


def test_a_secret_s_file_that_is_not_there_is_a_usage_error(refusal):
    """The message names the file."""
    assert refusal('[frontend]\nurl = "http://x"\npassword = "file:word"\n') == (
        "frontend.password: file HERE/word cannot be read: No such file or directory; put the secret there, mode 0600"
    )


def test_an_empty_secret_is_a_usage_error(refusal, tmp_path, monkeypatch):
    """Nobody means to log in with nothing."""
    (tmp_path / "word").touch(0o600)
    monkeypatch.setenv("EMPTY", "")
    assert refusal(
        '[frontend]\nurl = "http://x"\npassword = "file:word"\n[database]\nservice = "s"\npassword = "${EMPTY}"\n'
    ) == (
        "frontend.password: file HERE/word is empty; put the secret there, mode 0600\n"
        "database.password: environment variable EMPTY is empty; a secret cannot be"
    )


def test_the_page_s_own_placeholders_stay(load):
    """The browser fills them in, from [frontend]."""
    step = '{ do = "fill", find = { label = "x" }, value = "${EMAIL}" }'
    assert (
        load(f'[frontend]\nurl = "http://x"\n[frontend.steps]\nlogin = [{step}]\n')
        .target.frontend.steps["login"][0]
        .value
        == "${EMAIL}"
    )


def test_reading_is_left_as_it_is(load):
    """Patterns may hold a dollar and a brace."""
    assert load('[reading.logs]\nstarted = ["${NOT_SET}"]\n').target.reading == {"logs": {"started": ("${NOT_SET}",)}}


def test_relative_paths_begin_at_the_file(load, tmp_path):
    """On this machine, absolute ones and those of the home stay."""
    target = load(
        'change = "c.toml"\n[host]\naddress = "local"\nssh_config = "~/c"\n'
        '[paths]\ndump = "dumps/*.dump"\ndisk = ["/", "data"]\nway_back = "~/commit.txt"\n'
        '[services]\nmanager = "process"\n[services.backend]\nname = "b"\npid_file = "b.pid"\n'
    ).target
    assert target.change == f"{tmp_path}/c.toml"
    assert target.host.ssh_config == str(Path("~/c").expanduser())
    assert (target.paths.dump, target.paths.disk) == (f"{tmp_path}/dumps/*.dump", ("/", f"{tmp_path}/data"))
    assert target.paths.way_back == "~/commit.txt"
    assert target.services.backend.pid_file == f"{tmp_path}/b.pid"


def test_a_relative_path_on_another_machine_is_a_usage_error(refusal):
    """It would begin nowhere."""
    said = refusal(
        '[host]\naddress = "ssh://a@b"\n[paths]\nbackend = "/srv/b"\ndump = "dumps/*.dump"\ndisk = ["~/x", "y"]\n'
    )
    assert said == (
        'paths.dump: "dumps/*.dump" was given; accepted on another machine: a path that begins with / or ~/\n'
        'paths.disk[1]: "y" was given; accepted on another machine: a path that begins with / or ~/'
    )


WRONG = {
    'name = "T"': 'name: "T" was given; accepted: lower-case letters, digits and . _ -: it names a folder',
    "[database]": "database: neither dsn nor service is given; one of them must say where the database is",
    '[backend]\nurl = "http://x"\n[backend.login]': 'backend.login: kind = "form" needs email and password',
    '[backend]\nurl = "http://x"\n[backend.login]\nkind = "token"': 'backend.login: kind = "token" needs token',
    '[services]\nmanager = "none"':
        'services: manager = "none" needs a reason: it is what the report says instead of a verdict',
    '[services]\nmanager = "pm2"\n[services.backend]\nport = 3000':
        'services: manager = "pm2" knows services by name: backend.name is missing',
    '[host]\naddress = "example.org"': 'host.address: "example.org" was given; accepted: local, or ssh://user@host:port',
    "[locators.close]\nname = 'x'":
        "locators.close: says no way to find it; give one of role (with name), label, text, alt, test_id, css",
    "[locators.clsoe]\ncss = 'x'":
        "locators.clsoe: unknown key (did you mean 'close'?); accepted here: email, password, sign_in, onward, "
        "to_login, inbox, more, conversation, message, thumbnail, fallback, reply, viewer, close, next, previous",
    "[locators.viewer]\nrole = 'dialog'": "locators: viewer: role was given; accepted: one of css, test_id",
    "[locators.message]\ncss = '.m'\ntext = 'x'":
        "locators: message: text, css was given; accepted: one of css, test_id",
    '[frontend]\nurl = "http://x"\n[frontend.steps]\nlogin = [{ do = "click" }]':
        'frontend.steps.login[0]: do = "click" needs find',
    '[frontend]\nurl = "http://x"\n[frontend.steps]\ninbox = [{ do = "goto" }]':
        'frontend.steps.inbox[0]: do = "goto" needs value',
    '[frontend]\nurl = "http://x"\n[frontend.steps]\nlogn = []':
        "frontend.steps.logn: unknown key (did you mean 'login'?); accepted here: first_visit, login, account, "
        "inbox, conversation, after_reload",
    "[load]\nrequests_per_second = 0\ntotal = 1": "load.requests_per_second: 0 was given; accepted: greater than 0",
    '[[not_applicable]]\ncheck = "perf gate"\nreason = "x"':
        'not_applicable[0].check: "perf gate" was given; accepted: a gate or a check: perf, backend/service-up',
    '[[not_applicable]]\ncheck = "perf"': "not_applicable[0].reason: is missing; it must be given",
    "[browser]\nviewport = [1, 2, 3]": "browser.viewport: [1, 2, 3] was given; accepted: a list of at most 2",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_is_a_usage_error(text, tmp_path):
    """Before any network: file, key, what was given, what is accepted."""
    path = tmp_path / "t.toml"
    path.write_text(text if text.startswith("name") else f'name = "t"\n{text}', "utf-8")
    with pytest.raises(UsageError) as error:
        targets.load(path)
    assert str(error.value) == f"{path}: {WRONG[text]}"
