"""Where a release is deployed and how to reach it, as frozen typed models; `targets/example.toml` shows every key.

Secrets are `SecretStr`: given as `${ENV}` or `file:PATH` in the file, registered with the redactor when loaded,
never printed.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, field_validator, model_validator

from releasegate.core.durations import parse_duration
from releasegate.files import (
    HostPath,
    Length,
    LocalPath,
    Model,
    Pattern,
    Pointer,
    Url,
    UrlPath,
    matching,
)

Name = Annotated[str, matching(r"[a-z0-9][a-z0-9._-]*", "lower-case letters, digits and . _ -: it names a folder")]
Address = Annotated[str, matching(r"local|ssh://\S+", "local, or ssh://user@host:port")]
VariableName = Annotated[str, matching(r"[A-Za-z_][A-Za-z0-9_]*", "the name of a variable: PM2_HOME")]
LOCATORS = (
    "email", "password", "sign_in", "onward", "to_login", "inbox", "more", "conversation", "message", "thumbnail",
    "fallback", "reply", "viewer", "close", "next", "previous",
)  # fmt: skip
"""The things on a page that the browser gates look for."""
BY_SELECTOR = ("message", "thumbnail", "fallback", "reply", "viewer")
"""Those that are looked for from inside the page, by css or test_id only."""


def _is_looked_for(name: str) -> str:
    if name not in LOCATORS:
        raise ValueError(", ".join(map(repr, LOCATORS)))
    return name


LocatorName = Annotated[str, AfterValidator(_is_looked_for)]
Pipeline = Annotated[str, matching(r"attested by pipeline \S+", '"attested by pipeline NAME"')]
HostAndPort = Annotated[str, matching(r"[^\s:]+:\d{1,5}", "host:port, as in 10.0.0.5:5557")]
MachineId = Annotated[str, matching(r"[0-9a-f]{16}", "16 digits, as gate doctor prints them: 9f86d081884c7d65")]
OneOrMore = Annotated[
    tuple[HostPath, ...], BeforeValidator(lambda given: (given,) if isinstance(given, str) else given)
]
"""One path, or a list of them."""
GateOrCheck = Annotated[str, matching(r"[a-z]+(/[a-z0-9._-]+)?", "a gate or a check: perf, backend/service-up")]


class Database(Model):
    """The database, read only. Either `dsn` (a libpq URL or key=value string) or a libpq `service`.

    From where on something is worth a warning before the release: `longest_transaction`; `replication_lag_mb` and
    `slot_wal_mb` of WAL (MB of 10^6 bytes) that a standby is behind, or a replication slot keeps; `connections_left`.
    """

    dsn: SecretStr | None = None
    service: str | None = None
    password: SecretStr | None = None
    statement_timeout: Length = "60s"
    lock_timeout: Length = "2s"
    gentle: bool = False
    longest_transaction: Length = "60s"
    replication_lag_mb: int = Field(default=256, gt=0)
    slot_wal_mb: int = Field(default=1024, gt=0)
    connections_left: int = Field(default=5, ge=0)

    @property
    def longest_s(self) -> float:
        """The longest transaction that nobody is warned of, in seconds."""
        return parse_duration(self.longest_transaction, where="database.longest_transaction").total_seconds()

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if self.dsn is None and not self.service:
            raise ValueError("neither dsn nor service is given; one of them must say where the database is")
        return self


class Login(Model):
    """How the API lets one in. `form`: POST of the fields to `path`, token read from the answer; `token`, `header`.

    `email`/`password` are sent under the names `email_field`/`password_field`, beside the constant `fields`, as JSON
    or as a web form (`encoding`). The token is looked for at `token_at` (JSON pointers), then in the answer's header
    `header`; cookies of the answer are sent back too. `token` is sent as `header: scheme token`; for kind `header`
    as it is.
    """

    kind: Literal["form", "token", "header", "none"] = "form"
    path: UrlPath = "/api/auth/login"
    encoding: Literal["json", "form"] = "json"
    email: str = ""
    password: SecretStr | None = None
    email_field: str = "email"
    password_field: str = "password"  # noqa: S105  the name of a field
    fields: dict[str, str] = {}
    token: SecretStr | None = None
    token_at: tuple[Pointer, ...] = (
        "/access_token", "/accessToken", "/token", "/jwt", "/auth_token", "/authToken", "/id_token", "/idToken",
        "/data/access_token", "/data/accessToken", "/data/token", "/data/jwt", "/data/auth_token", "/data/authToken",
        "/tokens/accessToken", "/tokens/access_token", "/data/tokens/accessToken", "/data/tokens/access_token",
        "/session/access_token", "/session/accessToken", "/data/session/access_token", "/data/session/accessToken",
        "/user/token", "/data/user/token", "/result/access_token", "/result/accessToken", "/result/token",
    )  # fmt: skip
    header: str = "Authorization"
    scheme: str = "Bearer"

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        if self.kind == "form" and not (self.email and self.password):
            raise ValueError('kind = "form" needs email and password')
        if self.kind in ("token", "header") and self.token is None:
            raise ValueError(f'kind = "{self.kind}" needs token')
        return self


class Backend(Model):
    """The API. `query` holds parameters that every request to it carries (an account id).

    `migrates_at_start` says that its start runs what of the migration and of the backfill is pending.
    """

    url: Url
    migrates_at_start: bool = False
    login: Login = Login(kind="none")
    query: dict[str, str] = {}
    timeout: Length = "10s"
    verify_tls: bool = True


class Locator(Model):
    """How one thing on the page is found: the first of the given ways; `name` belongs to `role`.

    `name`, `label`, `text` and `alt` are patterns.
    """

    role: str | None = None
    name: Pattern | None = None
    label: Pattern | None = None
    text: Pattern | None = None
    alt: Pattern | None = None
    test_id: str | None = None
    css: str | None = None

    @model_validator(mode="after")
    def _has_a_way(self) -> Self:
        if not any((self.role, self.label, self.text, self.alt, self.test_id, self.css)):
            raise ValueError("says no way to find it; give one of role (with name), label, text, alt, test_id, css")
        return self


class BrowserStep(Model):
    """One declared step on the page. `value` may hold ${EMAIL}, ${PASSWORD}, {conversation} and {id}."""

    do: Literal["goto", "click", "fill", "press", "wait_for", "expect"]
    find: Locator | None = None
    value: str = ""

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if self.do in ("click", "fill", "wait_for", "expect") and self.find is None:
            raise ValueError(f'do = "{self.do}" needs find')
        if self.do in ("goto", "press") and not self.value:
            raise ValueError(f'do = "{self.do}" needs value')
        return self


StepsName = Literal["first_visit", "login", "account", "inbox", "conversation", "after_reload"]


class Frontend(Model):
    """The page, and how one gets in.

    `login`: by the page's own `form`, with what a person types; by a prepared `state` (Playwright's storage state:
    cookies and local storage, from the file `state`); by a `token` that is put where the page looks for it
    (`token_in`, under `token_key`); `none` where nobody logs in. `steps` replace the built-in way in where the page
    differs. `hosts` may be asked besides the two URLs. What writes and is not in `allow_writes` is answered with
    `write_status` and `write_body`.
    """

    url: Url
    login: Literal["form", "state", "token", "none"] = "form"
    email: str = ""
    password: SecretStr | None = None
    state: LocalPath | None = None
    token: SecretStr | None = None
    token_key: str = "token"  # noqa: S105  the name under which a page keeps it
    token_in: Literal["local_storage", "session_storage", "cookie"] = "local_storage"  # noqa: S105  where a page keeps it
    steps: dict[StepsName, tuple[BrowserStep, ...]] = {}
    hosts: tuple[str, ...] = ()
    verify_tls: bool = True
    allow_writes: tuple[str, ...] = ()
    write_status: int = Field(default=200, ge=200, lt=600)
    write_body: str = "{}"
    try_wrong_password: bool = False

    @model_validator(mode="after")
    def _has_what_its_login_needs(self) -> Self:
        if self.login == "state" and self.state is None:
            raise ValueError('login = "state" needs state, the file with cookies and local storage')
        if self.login == "token" and self.token is None:
            raise ValueError('login = "token" needs token')
        return self


class Service(Model):
    """One service under its manager. `name` is its container, compose service, PM2 process or unit.

    `project` is the compose project, where several have a service of that name. `process` knows no names: it needs
    the `pid_file`, the `port` that it listens on, or a pattern that only its `command` line has. `port` is the
    service's own, not that of something in front of it. `log` is the file it writes to, or several (its output and
    the application's own log), needed for `process` and where the manager keeps no log.
    """

    name: str = ""
    project: str = ""
    pid_file: HostPath | None = None
    command: Pattern | None = None
    port: int | None = Field(default=None, gt=0, lt=65536)
    log: OneOrMore = ()


class Services(Model):
    """Who runs the processes. `none` with a `reason` makes the service checks N/A.

    `steady_for` is the least time between two looks at a service, of which the second finds what the first did.
    """

    manager: Literal["docker", "pm2", "systemd", "process", "none"]
    reason: str = ""
    steady_for: Length = "3s"
    backend: Service | None = None
    frontend: Service | None = None

    @property
    def steady_s(self) -> float:
        """The least time between two looks at a service, in seconds."""
        return parse_duration(self.steady_for, where="services.steady_for").total_seconds()

    @model_validator(mode="after")
    def _has_what_its_manager_needs(self) -> Self:
        if self.manager == "none" and not self.reason:
            raise ValueError('manager = "none" needs a reason: it is what the report says instead of a verdict')
        if self.manager in ("docker", "pm2", "systemd"):
            named = {"backend": self.backend, "frontend": self.frontend}
            lacking = [f"{part}.name" for part, service in named.items() if service is not None and not service.name]
            if lacking:
                raise ValueError(f'manager = "{self.manager}" knows services by name: {", ".join(lacking)} is missing')
        return self


class Host(Model):
    """The machine: `local`, or `ssh://user@host:port`. Never assumed.

    `environment` is set for every command that runs there: a PATH that a login over ssh does not have, the
    DOCKER_HOST or PM2_HOME of the services.
    """

    address: Address
    environment: dict[VariableName, str] = {}
    ssh_config: LocalPath | None = None
    ssh_identity: LocalPath | None = None


class Paths(Model):
    """Files on the host; a leading `~/` is the home of the user who is logged in there.

    `dump` is a glob, the newest counts; `disk` are the folders whose free space matters; `backend` and `frontend`
    the repositories, `*_build` the folders that their builds fill; `way_back` the file with the commits to go
    back to.
    """

    dump: HostPath | None = None
    disk: tuple[HostPath, ...] = ()
    backend: HostPath | None = None
    frontend: HostPath | None = None
    backend_build: HostPath | None = None
    frontend_build: HostPath | None = None
    way_back: HostPath | None = None
    postgres_bin: HostPath | None = None


class Backup(Model):
    """Whether the dump may be restored to see that it can be: on a scratch server, never on the target itself.

    The scratch server is made on the operator's machine, in its temporary folder, and removed afterwards;
    `scratch_dsn` names another one instead, on which databases may be created. `release_files` are the files on the
    host that are rehearsed on the copy, by step, where they are not those of the release's commit.
    """

    rehearse_restore: bool = False
    scratch_dsn: SecretStr | None = None
    release_files: dict[Literal["migration", "backfill", "rollback"], tuple[HostPath, ...]] = {}


class WayBack(Model):
    """This deployment's own commands of a way back, in order, where they are not those of its services and paths.

    A command may hold {backend_commit}, {frontend_commit} and {dump}. `replaced` is a glob of the name under which
    the database that a restore replaced is kept on the same server; it may hold {database}.
    """

    code: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    restore: tuple[str, ...] = ()
    replaced: str | None = None


class Browser(Model):
    """The browser that looks at the page. `slowest` is the longest that one state may take to appear.

    Pictures blot out what matches `mask`, and blur every text that the release does not promise unless `show_texts`.
    """

    executable: LocalPath | None = None
    sandbox: bool | None = None
    proxy: Url | None = None
    viewport: tuple[int, int] = (1280, 800)
    locale: str = "pt-BR"
    timezone: str = "America/Sao_Paulo"
    slowest: Length = "10s"
    mask: tuple[Pattern, ...] = ()
    show_texts: bool = False


class SeedRow(Model):
    """One row that may be written for a try: a copy of the newest row of `table` that fits `like` (an SQL condition).

    `values` replace columns of the copy. In its texts `{column}` is the copied row's value, `{name}` the key of an
    earlier row of that `name`, `{tag}` what tells our rows from all others: it begins the text in `tag_column`.
    """

    table: str
    tag_column: str
    name: str = ""
    like: str = "true"
    values: dict[str, object] = {}

    @model_validator(mode="after")
    def _keeps_its_tag(self) -> Self:
        if not str(self.values.get(self.tag_column, "{tag}")).startswith("{tag}"):
            raise ValueError(f"values.{self.tag_column}: begins with {{tag}}, or the row would not be found again")
        return self


class Seed(Model):
    """Rows that `--seed-samples` may write and removes again, through the role of `dsn`, never through [database]."""

    dsn: SecretStr
    password: SecretStr | None = None
    rows: tuple[SeedRow, ...] = Field(min_length=1)


class Looked(Model):
    """What the browser gates look at, where it shall not be found in the data.

    Ids of `conversations`, in order; ids of `messages`, whose conversations are looked at and which are tried first.
    `seed` is what may be written where the data has nothing to look at.
    """

    conversations: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    seed: Seed | None = None


class Load(Model):
    """The budget of requests that a gate may send here: none is sent without it.

    `total` is for one run of a gate, `concurrent` how many may wait for an answer at the same time, `per_endpoint`
    how many each judged endpoint is to get. The load ends at once when `stop_at_error_share` (0 to 1) of the latest
    answers are errors, or when half of them take `stop_at_latency`. With several `workers` it is sent by as many
    processes, started here, or elsewhere where `join` (host:port, where they reach this machine) is given.
    """

    requests_per_second: float = Field(gt=0)
    total: int = Field(gt=0)
    concurrent: int = Field(default=100, gt=0)
    per_endpoint: int = Field(default=300, gt=0)
    stop_at_error_share: float = Field(default=0.2, gt=0, le=1)
    stop_at_latency: Length = "5s"
    workers: int = Field(default=1, gt=0, le=64)
    join: HostAndPort | None = None


class Watch(Model):
    """What a watch may cost. `requests_per_second` go to the API, and never more than the budget of the load.

    `page_every` is how many rounds lie between two loads of the page in a browser; 0 loads none. `heartbeat` is an
    address that is asked after every round, so that somebody notices when none comes.
    """

    requests_per_second: float = Field(default=1.0, gt=0)
    page_every: int = Field(default=10, ge=0)
    heartbeat: SecretStr | None = None


class Fingerprint(Model):
    """Which deployment this is, so that staging's gate cannot run on production by mistake.

    `address` is where the database server answers (`10.0.0.5:5432`, or `local socket`), which tells a primary from its
    replicas. `host` is the name that the machine of [host] answers with, `machine_id` the beginning of the sha256 of
    its /etc/machine-id, as `gate doctor` prints it.
    """

    system_identifier: str
    database: str
    address: str | None = None
    host: str | None = None
    machine_id: MachineId | None = None


Part = Literal["backend", "frontend"]


class Policy(Model):
    """Who may sign what, and what may be shown. `manual` attests manual items in bulk: "attested by pipeline NAME".

    `max_age` is how long the result of a gate before the release counts while no later gate has used it.
    `preview_length` is how many characters of a message the spot check shows; 0 shows none. `after` names the target
    on which the same commits must have a verified GO before a gate may begin here; its evidence lies beside this
    one's, or in `after_evidence`. `after_parts` are the parts whose commits are compared, where it is not every part
    that one of the two has. `waive_own` is whether who ran a gate may waive what it found.
    """

    manual: Pipeline | None = None
    preview_length: int = Field(default=20, ge=0, le=50)
    max_age: Length | None = None
    after: Name | None = None
    after_evidence: LocalPath | None = None
    after_parts: tuple[Part, ...] | None = None
    waive_own: bool = True

    @property
    def pipeline(self) -> str:
        """Who attests the manual items: `pipeline NAME`; "" when persons do."""
        return (self.manual or "").removeprefix("attested by ")


class Allow(Model):
    """Console lines and failed requests that are known; each with its reason."""

    pattern: Pattern
    reason: str = Field(min_length=1)


class NotApplicable(Model):
    """A gate or a check that does not exist on this deployment, with the reason."""

    check: GateOrCheck
    reason: str = Field(min_length=1)


class Target(Model):
    """One deployment: the whole target file. On one that is `production` no row is ever written."""

    schema_version: Literal[1] = 1
    name: Name
    production: bool = False
    change: LocalPath | None = None
    database: Database | None = None
    backend: Backend | None = None
    frontend: Frontend | None = None
    services: Services | None = None
    host: Host | None = None
    paths: Paths = Paths()
    backup: Backup = Backup()
    way_back: WayBack = WayBack()
    browser: Browser = Browser()
    locators: dict[LocatorName, Locator] = {}
    samples: Looked = Looked()
    load: Load | None = None
    watch: Watch = Watch()
    fingerprint: Fingerprint | None = None
    policy: Policy = Policy()
    allow: tuple[Allow, ...] = ()
    not_applicable: tuple[NotApplicable, ...] = ()
    reading: dict[str, object] = {}

    @field_validator("locators", mode="after")
    @classmethod
    def _are_selectors(cls, given: dict[str, Locator]) -> dict[str, Locator]:
        for name in BY_SELECTOR:
            ways = given[name].model_dump(exclude_none=True) if name in given else {}
            wrong = sorted(ways.keys() - {"css", "test_id"})
            if wrong or len(ways) > 1:
                raise ValueError(f"{name}: {', '.join(ways)} was given; accepted: one of css, test_id")
        return given

    @model_validator(mode="after")
    def _is_safe_to_seed(self) -> Self:
        if self.samples.seed is None:
            return self
        if self.production:
            raise ValueError(
                "production = true and [samples.seed]: nothing is ever written there; one of them is wrong"
            )
        if self.fingerprint is None or self.database is None:
            raise ValueError("[samples.seed] needs [fingerprint] and [database]: rows go to that server and no other")
        return self
