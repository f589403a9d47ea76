"""The commands of each way back on this target, in order: the target's own, else made of what it says of itself."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Final

from releasegate.change.models import Change, RollbackKind
from releasegate.plugin.back.known import Known
from releasegate.target.models import Service, Target

RESTORED: Final = "_restored"
_REPLACED: Final = "_until_$(date +%Y%m%d_%H%M%S)"
_STOP: Final = {"docker": "docker compose stop {}", "pm2": "pm2 stop {}", "systemd": "sudo systemctl stop {}"}
_START: Final = {
    "docker": "docker compose up -d --build {}", "pm2": "pm2 restart {}", "systemd": "sudo systemctl start {}",
}  # fmt: skip
_PARTS: Final = ("backend", "frontend")
# Dollars quote what stands in the shell's quotes. Lists among the settings (search_path) are kept quoted already.
_OWN_SETTINGS: Final = (
    "SELECT format($$%s %I SET %s TO %s$$, CASE setrole WHEN 0 THEN $$ALTER DATABASE$$ ELSE "
    "format($$ALTER ROLE %I IN DATABASE$$, pg_get_userbyid(setrole)) END, $${new}$$, split_part(one, $$=$$, 1), "
    "CASE WHEN one ~ $$^(search_path|temp_tablespaces|.*_preload_libraries)=$$ THEN said ELSE quote_literal(said) END) "
    "FROM pg_db_role_setting JOIN pg_database base ON base.oid = setdatabase, unnest(setconfig) AS one, "
    "substr(one, strpos(one, $$=$$) + 1) AS said WHERE datname = $${old}$$ "
    "UNION ALL SELECT format($$REVOKE ALL ON DATABASE %I FROM PUBLIC$$, $${new}$$) FROM pg_database "
    "WHERE datname = $${old}$$ AND datacl IS NOT NULL "
    "UNION ALL SELECT format($$GRANT %s ON DATABASE %I TO %s$$, privilege_type, $${new}$$, "
    "CASE grantee WHEN 0 THEN $$PUBLIC$$ ELSE quote_ident(pg_get_userbyid(grantee)) END) "
    "FROM pg_database, aclexplode(datacl) WHERE datname = $${old}$$ \\gexec"
)


def commands(kind: RollbackKind, target: Target, change: Change, known: Known, connection: str) -> tuple[str, ...]:
    """Return the lines to paste for one way back; what nobody said stands in capitals.

    `connection` reaches the database in libpq's words, without a password and without a user: who may write is not
    the gate's role.
    """
    own = getattr(target.way_back, kind)
    if own:
        values = _values(target, known)
        return tuple(_filled(line, values) for line in own)
    match kind:
        case "code":
            lines = [*_all(_stop, target, reverse=True), *_checkouts(target, change, known), *_all(_start, target)]
        case "data":
            lines = list(_statements(change, connection))
        case "restore":
            lines = [
                *_all(_stop, target, reverse=True),
                *_restore(known, connection),
                *_checkouts(target, change, known),
                *_all(_start, target),
            ]
    return tuple(dict.fromkeys(lines))  # one service, or one repository, may be both parts


def _all(verb: object, target: Target, *, reverse: bool = False) -> Iterator[str]:
    """Yield the line of each service: the backend first, in reverse the frontend."""
    assert callable(verb)
    for part in reversed(_PARTS) if reverse else _PARTS:
        service = getattr(target.services, part) if target.services else None
        yield verb(target, part, service)


def _stop(target: Target, part: str, service: Service | None) -> str:
    manager = target.services.manager if target.services else "none"
    if service is None or manager == "none":
        return f"# stop the {part}, as you always do"
    if manager == "process":
        where = f"kill $(cat {shlex.quote(service.pid_file)})" if service.pid_file else f"port {service.port}"
        return where if service.pid_file else f"# stop {service.name or f'the {part}'}, which listens on {where}"
    return _STOP[manager].format(shlex.quote(service.name))


def _start(target: Target, part: str, service: Service | None) -> str:
    manager = target.services.manager if target.services else "none"
    if service is None or manager in ("none", "process"):
        return f"# start the {part} again, as you always do"
    return _START[manager].format(shlex.quote(service.name))


def _checkouts(target: Target, change: Change, known: Known) -> Iterator[str]:
    for part in _PARTS:
        path = getattr(target.paths, part)
        if not path:
            continue
        commit = _commit(part, path, known)
        build = f" && {change.way_back.build}" if change.way_back and change.way_back.build else ""
        yield f"cd {shlex.quote(path)} && git checkout {commit}{build}"
    if known.diff:
        yield "# uncommitted changes were saved beside the commits: git apply the *.diff where they are wanted"


def _commit(part: str, path: str, known: Known) -> str:
    return known.commits.get(part) or known.commits.get(f"at {path}") or f"COMMIT_OF_THE_{part.upper()}_BEFORE"


def _statements(change: Change, connection: str) -> Iterator[str]:
    """Yield the document's statements, each in a transaction of its own (-1).

    As an argument: the end of a here-document would not be found once the lines are pasted with what stands before
    them on the screen.
    """
    for statement in change.rollback:
        if statement.kind == "data":
            text = shlex.quote(statement.sql.strip())
            yield from f"psql {shlex.quote(connection)} -X -1 -v ON_ERROR_STOP=1 -c {text}".splitlines()


def _restore(known: Known, connection: str) -> Iterator[str]:
    """Yield a restore into an empty database that then takes the name: -c over a newer schema stops half-way."""
    parts = dict(word.partition("=")[::2] for word in shlex.split(connection))
    name = parts.pop("dbname", "DATABASE")
    server = " ".join(f"{key}={value}" for key, value in parts.items())
    empty, dump = f"{name}{RESTORED}", shlex.quote(known.dump or "DUMP")
    into = shlex.quote(f"{server} dbname={empty}".strip())
    admin = shlex.quote(f"{server} dbname=postgres".strip())
    create = f'CREATE DATABASE "{empty}" {known.made_with or "TEMPLATE template0"}'
    yield f"psql {admin} -X -v ON_ERROR_STOP=1 -c {shlex.quote(create)}"
    if known.form == "plain":
        unpack = {"gzip": "gzip -dc", "zstd": "zstd -dcq"}.get(known.compression, "cat")
        yield f"{unpack} {dump} | psql {into} -X -v ON_ERROR_STOP=1"
    else:
        yield f"pg_restore --exit-on-error -d {into} {dump}"
    if known.has_own_settings:
        yield "# the settings and rights of the database itself are in no dump: they are taken over from the old one"
        yield f"printf %s {shlex.quote(_OWN_SETTINGS.format(old=name, new=empty))} | psql {admin} -X -v ON_ERROR_STOP=1"
    ended = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608  to be read
    # A second restore finds the first one's database under a name of its own.
    away = f'"ALTER DATABASE \\"{name}\\" RENAME TO \\"{name}{_REPLACED}\\""'
    into_place = shlex.quote(f'ALTER DATABASE "{empty}" RENAME TO "{name}"')
    yield f"psql {admin} -X -v ON_ERROR_STOP=1 -c {shlex.quote(ended)} -c {away} -c {into_place}"


def _values(target: Target, known: Known) -> Mapping[str, str]:
    commits = {f"{part}_commit": _commit(part, getattr(target.paths, part) or "", known) for part in _PARTS}
    return commits | {"dump": known.dump or "DUMP"}


def _filled(line: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        line = line.replace(f"{{{name}}}", value)
    return line
