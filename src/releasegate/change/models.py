"""What a release promises, as frozen typed models; every promise names the document that made it.

The TOML file that holds them is described key by key in docs/change-file.md; `load` in this package reads it.
A section that is absent promises nothing, and what is not promised is not judged.
"""

from __future__ import annotations

from itertools import chain
from math import inf
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from releasegate.files import Length, Model, Pattern, Pointer, Promise, UrlPath, matching

Locale = Literal["en", "pt-BR"]
Counted = Literal["total", "with_media", "to_migrate"]
UrlMatch = Literal["equal", "same-path", "ends-with"]
RollbackKind = Literal["code", "data", "restore"]
FileStep = Literal["migration", "backfill", "rollback"]
Kind = Literal["image", "video", "audio"]
ItemId = Annotated[str, matching(r"[a-z0-9][a-z0-9._-]*", "lower-case letters, digits and . _ -")]
CheckId = Annotated[str, matching(r"[a-z]+/[a-z0-9._-]+", "a check's id, gate/check: backfill/every-row")]


class Text(Model):
    """A sentence in both languages of the report."""

    en: str
    pt_br: str = Field(alias="pt-BR")

    def in_language(self, language: Locale) -> str:
        """Return the sentence in `language`."""
        return self.pt_br if language == "pt-BR" else self.en


class Release(Promise):
    """How the release's commit is recognised: `commit` is searched in its subject line, or begins its hash."""

    commit: Pattern


class Parts(Promise):
    """A promise that each of `parts` keeps: that it runs, that it was built, that its commit was saved."""

    parts: tuple[Literal["backend", "frontend"], ...] = Field(default=("backend", "frontend"), min_length=1)


class Builds(Parts):
    """What a build leaves: patterns, below its folder, of files that are there and not empty once it is whole."""

    backend_files: tuple[str, ...] = ()
    frontend_files: tuple[str, ...] = ()

    def files(self, part: str) -> tuple[str, ...]:
        """Return the patterns of one part."""
        return self.backend_files if part == "backend" else self.frontend_files


class WayBack(Parts):
    """The commits to go back to, of each part; `build` is the command that builds what is checked out."""

    build: str = ""


class Window(Promise):
    """The maintenance window; it begins with the preflight gate."""

    length: Length


class Host(Promise):
    """What the machine must have before the release begins. `min_free_disk_gb` in GB (10^9 bytes)."""

    min_free_disk_gb: float = Field(gt=0)


class Backup(Promise):
    """What the dump must be. `least_ratio` is its least size as a share of the database's, 0 to 1."""

    tables: tuple[str, ...] = Field(min_length=1)
    least_ratio: float | None = Field(default=None, ge=0, lt=1)


class Restore(Promise):
    """How long a restore of the dump may take: what the document gives the whole way back."""

    within: Length


class ReleaseFile(Promise):
    """A file of the release that changes the database, below the backend's folder; `file` may be a glob pattern.

    `step` is what it does. `run` is psql, or the command that alone can run it, which is then named and not run.
    """

    file: str
    step: FileStep
    run: str = "psql"


class Column(Promise):
    """A column that exists after the migration; `type` as PostgreSQL's format_type prints it; None: not promised."""

    table: str
    name: str
    type: str
    nullable: bool | None = None
    default: str | None = None


class ForeignKey(Promise):
    """A validated foreign key on one column; `on_delete` as SQL writes it, None where nothing is promised."""

    table: str
    column: str
    references_table: str
    references_column: str = "id"
    on_delete: Literal["NO ACTION", "RESTRICT", "CASCADE", "SET NULL", "SET DEFAULT"] | None = None


class Index(Promise):
    """An index that exists, valid and ready. `method` (btree, gin) and `columns` only where they are promised."""

    table: str
    name: str
    method: str | None = None
    columns: tuple[str, ...] | None = None
    predicate: str | None = None


class Query(Promise):
    """A query of the release's own that `index` must be able to serve; it is planned and never run."""

    sql: str
    index: str


class Survivors(Promise):
    """Columns of `table` that the release leaves as they were.

    `edited_share` is the share of rows (0 to 1) that people may have edited between two looks at a live table.
    """

    table: str
    columns: tuple[str, ...] = Field(min_length=1)
    edited_share: float = Field(default=0.001, ge=0, le=1)


class Schema(Model):
    """What the migration makes of the catalog. `files`: glob patterns below the backend's folder, of `files_source`.

    `bookkeeping` is the column (`table.column`, `schema.table.column`) in which a runner writes down what it ran;
    without it, the usual tables of the usual runners are looked for.
    """

    tables: tuple[str, ...] = Field(min_length=1)
    files: tuple[str, ...] = ()
    files_source: str = "change file [schema]"
    bookkeeping: Annotated[str, matching(r"[^.]+(\.[^.]+){1,2}", "table.column or schema.table.column")] | None = None
    columns: tuple[Column, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    indexes: tuple[Index, ...] = ()
    survivors: tuple[Survivors, ...] = ()
    queries: tuple[Query, ...] = ()

    @model_validator(mode="after")
    def _spelled_alike(self) -> Self:
        by_name = {table.rpartition(".")[2]: table for table in self.tables}
        promised = (self.columns, self.foreign_keys, self.indexes, self.survivors)
        for table in chain.from_iterable((one.table for one in many) for many in promised):
            listed = by_name.get(table.rpartition(".")[2], table)
            if table not in self.tables and ("." in table) != ("." in listed):
                raise ValueError(f"table {table} stands in tables as {listed}; write it alike in both places")
        return self


class Marker(Promise):
    """What a backfilled row carries, at any one of the places `at`."""

    at: tuple[Pointer, ...] = Field(min_length=1)
    value: str


class RequiredField(Promise):
    """A field that is present and not empty in every backfilled row, at any one of the places `at`."""

    at: tuple[Pointer, ...] = Field(min_length=1)


class TypeCase(Promise):
    """One case of the rule from url to type; the first case that applies decides, rows of none are only counted.

    Applies when the path of the url ends with one of `endings` (without dot, any case; query, fragment and slashes
    at the end cut off), or when `column` of the row holds one of `values`. With none of the two it applies to every
    row left.
    """

    endings: tuple[str, ...] = ()
    column: str | None = None
    values: tuple[str, ...] = ()
    types: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _column_with_values(self) -> Self:
        if (self.column is None) != (not self.values):
            raise ValueError("column and values belong together: the case applies when column holds one of values")
        return self


class Duration(Model):
    """One line of the runbook's table: up to `up_to_rows` rows (None: any number) take about `seconds`."""

    up_to_rows: int | None = None
    seconds: float


class Backfill(Promise):
    """Every row whose `from_column` is not empty holds, in the jsonb `to_column`, an element that says the same.

    `url`, `type` and the marker are found in `to_column` by JSON pointer, the first place that exists counts.
    `least_rows` is the fewest rows with media that can carry a verdict; 0 says that none at all is fine. `created`
    is the column that tells old rows from new ones; `conversation` the one that holds the id by which the API lists
    the row's neighbours, without which nothing is read back through the API; `deleted` the one that is set in a row
    that people no longer see. `most_elements` is the largest number of elements that a backfilled row may hold, None:
    any. `segment` is the column by which wrong rows are summed up, to see what they have in common; None: the day of
    `created`. `kinds` says what a stored type is to who looks at it, where it has another name.
    """

    table: str
    key: str = "id"
    created: str | None = None
    conversation: str | None = None
    deleted: str | None = None
    segment: str | None = None
    from_column: str
    to_column: str
    url: tuple[Pointer, ...] = Field(min_length=1)
    type: tuple[Pointer, ...] = ()
    marker: Marker | None = None
    required: tuple[RequiredField, ...] = ()
    most_elements: int | None = Field(default=None, ge=1)
    types: tuple[TypeCase, ...] = ()
    kinds: dict[str, Kind] = {}
    durations: tuple[Duration, ...] = ()
    least_rows: int = Field(default=1, ge=0)
    preview_column: str | None = None

    @field_validator("durations", mode="after")
    @classmethod
    def _shortest_first(cls, durations: tuple[Duration, ...]) -> tuple[Duration, ...]:
        return tuple(sorted(durations, key=lambda line: inf if line.up_to_rows is None else line.up_to_rows))


class Endpoint(Promise):
    """A GET that answers `status`. `path` may hold `{id}`; `query` is sent as it is."""

    path: UrlPath
    query: dict[str, str] = {}
    status: int = 200


class VersionEndpoint(Endpoint):
    """An endpoint that shows which commit is running: at one of `at` (JSON pointers), or in one of `headers`.

    Where neither is there, the whole answer is searched for the commit.
    """

    at: tuple[Pointer, ...] = (
        "/commit", "/git_sha", "/gitSha", "/sha", "/revision", "/build", "/version", "/git/commit", "/build/commit",
    )  # fmt: skip
    headers: tuple[str, ...] = ("x-commit", "x-git-sha", "x-build", "x-revision", "x-version", "x-app-version")


class ListEndpoint(Endpoint):
    """An endpoint that answers a list.

    `list` and `id` are JSON pointers, the first that fits counts. Paging: `page_size` names the query parameter that
    takes `page_length` (items per page), and one of `offset` (items to skip), `page` (number, from 1) and `cursor`
    names the parameter that turns the page; a cursor's value, or the whole next URL, is found in the answer at
    `next`. `without_token` is what it answers to a stranger, where that is promised.
    """

    list: tuple[Pointer, ...] = (
        "", "/data", "/items", "/results", "/conversations", "/messages",
        "/data/items", "/data/results", "/data/conversations", "/data/messages",
    )  # fmt: skip
    id: tuple[Pointer, ...] = ("/id", "/_id", "/uuid")
    page_size: str = ""
    page_length: int = Field(default=50, gt=0)
    offset: str = ""
    page: str = ""
    cursor: str = ""
    next: tuple[Pointer, ...] = ("/next", "/next_cursor", "/nextCursor", "/paging/next", "/pagination/next_cursor")
    without_token: tuple[int, ...] = ()


class MessageFields(Model):
    """Where one message of the API's answer keeps what the release is about (JSON pointers, first that fits).

    `url_match` says how an attachment's url agrees with the stored one: `equal`; `same-path` where the API signs urls
    or moves them to another host; `ends-with` where one is the end of the other, as behind a proxy or without the host.
    """

    attachments: tuple[Pointer, ...] = ("/attachments",)
    attachment_url: tuple[Pointer, ...] = ("/url",)
    media_url: tuple[Pointer, ...] = ("/media_url", "/mediaUrl")
    reply: tuple[Pointer, ...] = (
        "/replied_to", "/repliedTo", "/replied_to_message_id", "/repliedToMessageId", "/reply_to", "/replyTo",
        "/reply_to_id", "/replyToId", "/in_reply_to", "/inReplyTo",
    )  # fmt: skip
    sender: tuple[Pointer, ...] = (
        "/sender_name", "/senderName", "/author_name", "/authorName", "/user_name", "/userName",
        "/sender/name", "/author/name", "/user/name", "/from/name",
    )  # fmt: skip
    url_match: UrlMatch = "equal"


class Api(Model):
    """The endpoints the runbook asks for."""

    health: Endpoint | None = None
    version: VersionEndpoint | None = None
    conversations: ListEndpoint | None = None
    messages: ListEndpoint | None = None
    fields: MessageFields = MessageFields()


class Page(Promise):
    """A page that loads without errors in the console, and behind which one can log in."""

    path: UrlPath = "/"


class Viewer(Promise):
    """The full-screen viewer: which ways close it, and whether arrows lead from one attachment to the next.

    `kinds` are those of which a click opens it, where not all that are shown do: a video may play where it stands.
    """

    kinds: tuple[Kind, ...] | None = None
    closed_by: tuple[Literal["button", "escape"], ...] = ("button", "escape")
    arrows: bool = False


class Shown(Promise):
    """Something that people read on the page; `text` is searched in what is visible."""

    text: Pattern


class Quoting(Shown):
    """The box of a reply; with `names_sender` it says who wrote the original."""

    names_sender: bool = False


class Interface(Model):
    """What people see after the release.

    Old media of these `kinds` are shown, and the text of `old_media` is not in their place. The other texts are the
    ones that are shown: above a `reply`, for its `deleted_original`, for a dead medium (`fallback`).
    """

    page: Page | None = None
    kinds: tuple[Kind, ...] = ("image", "video")
    old_media: Shown | None = None
    viewer: Viewer | None = None
    reply: Quoting | None = None
    deleted_original: Shown | None = None
    fallback: Shown | None = None

    @property
    def viewed(self) -> tuple[Kind, ...]:
        """The kinds of media that a click opens in the viewer."""
        return self.kinds if self.viewer is None or self.viewer.kinds is None else self.viewer.kinds


LoadedEndpoint = Literal["health", "version", "conversations", "messages"]


class Regression(Promise):
    """How much slower than before the release each endpoint may be: the reading of "must not rise significantly".

    `allowed` is a share of what it took before (0.2: a fifth more). A rise below `noticeable_ms` is none, whatever
    its share: nobody feels it, and a busy machine makes it.
    """

    allowed: float = Field(default=0.2, ge=0)
    noticeable_ms: float = Field(default=50, ge=0)


class Latency(Promise):
    """The limit that `percentile` of the requests to each endpoint stays below; `reading` says how it was read.

    `weights` are the shares of the load (1 each where it names none); an endpoint that is in it and not among
    `endpoints` is asked along with the others, shown, and not judged. `error_share` (0 to 1) is the largest share of
    requests that may fail: the reading of "stays low". `calls_per_request` is from how many calls of one statement
    per request on the release is said to ask the database in a loop.
    """

    limit_ms: float = Field(gt=0)
    percentile: float = Field(gt=0, lt=100)
    endpoints: tuple[LoadedEndpoint, ...] = Field(min_length=1)
    weights: dict[LoadedEndpoint, Annotated[int, Field(gt=0)]] = {}
    error_share: float = Field(default=0.01, ge=0, lt=1)
    calls_per_request: float = Field(default=5, gt=0)
    regression: Regression | None = None
    reading: str = ""


class Logs(Promise):
    """Lines of the services' logs: `started` must appear, `fatal` must not, `names` concern this release.

    `started_within` is the longest time, in seconds, from the start to its message, where one is promised.
    """

    started: tuple[Pattern, ...] = ()
    fatal: tuple[Pattern, ...] = ()
    errors: tuple[Pattern, ...] = ()
    names: tuple[str, ...] = ()
    started_within: float | None = Field(default=None, gt=0)


class Statement(Promise):
    """One statement of a way back, as the document writes it."""

    kind: RollbackKind
    sql: str


Signal = Literal[
    "health", "database", "latency", "api-errors", "log-errors", "restarts", "memory", "connections", "waiting",
    "longest-transaction", "rollbacks", "deadlocks", "disk",
]  # fmt: skip
"""What a watch sees in every round; docs/gates/monitoring.md says in which unit."""


class Rule(Promise):
    """What one signal must keep to while the release is watched; a rule of our own for that signal gives way to it.

    `most` and `least` are limits in the signal's unit, `rise` one as a multiple of the baseline. A round beyond a
    limit counts from the `misses`th in a row on, or once more than the share `share` of all rounds is (two at least).
    `grows` is the most that the signal may grow over the watch, as a share of what it was (memory, connections), and
    `lasts` how long what is left must last at the pace it is used up (disk). `within` is for how long from the
    beginning of the watch this is promised.
    """

    signal: Signal
    most: float | None = None
    least: float | None = None
    rise: float | None = Field(default=None, gt=1)
    misses: int = Field(default=1, ge=1)
    share: float | None = Field(default=None, ge=0, lt=1)
    grows: float | None = Field(default=None, gt=0)
    lasts: Length | None = None
    within: Length | None = None

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if all(limit is None for limit in (self.most, self.least, self.rise, self.grows, self.lasts)):
            raise ValueError("limits nothing; give most, least, rise, grows or lasts")
        return self


class Monitoring(Promise):
    """How long the release is watched and what must hold; `error_lines_per_minute` is the highest allowed.

    `slower_factor` is from where on a latency has risen significantly, as a multiple of what the perf gate saw.
    `misses` rounds in a row, or more than the share `misses_share` of all, with health or database away are wrong;
    fewer are worth a look.
    """

    watch: Length = "2h"
    least_coverage: float = Field(default=0.95, gt=0, le=1)
    longest_gap: Length = "5m"
    error_lines_per_minute: float = Field(default=0, ge=0)
    slower_factor: float = Field(default=1.5, gt=1)
    misses: int = Field(default=2, ge=1)
    misses_share: float = Field(default=0.05, ge=0, lt=1)
    rules: tuple[Rule, ...] = ()


class Step(Promise):
    """How the output of one of the runbook's own commands is judged; `item` is its name for `gate step`.

    The step-output check of `gate` judges it (backend, migration, backfill, frontend), and that of every checklist item
    that names the step beside such a check.

    Every pattern of `success` must appear (alternatives are written `a|b`), none of `failure` may, and one of
    `warning` is worth a look; so is taking more than `longest_s` seconds. `exit_codes` are the right ones, none: any.
    `counts` are patterns whose first group is a number of rows that the command prints.
    """

    item: str
    gate: Literal["backend", "migration", "backfill", "frontend"] | None = None
    success: tuple[Pattern, ...] = ()
    failure: tuple[Pattern, ...] = ()
    warning: tuple[Pattern, ...] = ()
    exit_codes: tuple[int, ...] = (0,)
    longest_s: float | None = None
    counts: dict[Counted, Pattern] = {}


class Stretch(Promise):
    """How long the document says a part of the runbook takes, from its first command to the end of the last of `gates`.

    Shown beside what it really took, and not judged: it is how long people expect to be busy.
    """

    gates: tuple[str, ...] = Field(min_length=1)
    least: Length | None = None
    most: Length


class Item(Promise):
    """One box or tick of the runbook: bound to checks, shown by the commands of `steps`, or left to a person.

    `gate` is the marker it belongs to; `required` manual items keep that gate closed until attested. Of an item that
    is manual and has steps, their records are what the person looks at.
    """

    id: ItemId
    gate: str
    text: Text
    checks: tuple[CheckId, ...] = ()
    steps: tuple[str, ...] = ()
    manual: bool = False
    required: bool = True

    @model_validator(mode="after")
    def _says_what_shows_it(self) -> Self:
        if not (self.checks or self.steps or self.manual):
            raise ValueError("nothing shows that it is done; give checks, steps or manual = true")
        return self


class Change(Model):
    """One release: the whole change file. `document` is the runbook's file name, for the report."""

    schema_version: Literal[1] = 1
    id: Annotated[str, matching(r"[A-Za-z0-9][A-Za-z0-9._-]*", "letters, digits and . _ -: it names a folder")]
    title: Text
    document: str
    extends: str | None = None
    release: Release | None = None
    host: Host | None = None
    services: Parts | None = None
    builds: Builds | None = None
    way_back: WayBack | None = None
    window: Window | None = None
    backup: Backup | None = None
    restore: Restore | None = None
    files: tuple[ReleaseFile, ...] = ()
    db: Schema | None = Field(default=None, alias="schema")
    backfill: Backfill | None = None
    api: Api = Api()
    interface: Interface | None = None
    latency: Latency | None = None
    logs: Logs | None = None
    rollback: tuple[Statement, ...] = ()
    monitoring: Monitoring | None = None
    timetable: tuple[Stretch, ...] = ()
    steps: tuple[Step, ...] = ()
    checklist: tuple[Item, ...] = ()

    @model_validator(mode="after")
    def _items_are_told_apart(self) -> Self:
        for name, ids in (("steps", [step.item for step in self.steps]), ("checklist", [i.id for i in self.checklist])):
            twice = sorted({key for key in ids if ids.count(key) > 1})
            if twice:
                raise ValueError(f"{name}: {', '.join(twice)} stands there twice")
        known = {step.item for step in self.steps}
        unknown = [f"{name} (of {item.id})" for item in self.checklist for name in item.steps if name not in known]
        if unknown:
            raise ValueError(f"checklist: {', '.join(unknown)} is no item of [[steps]]; there are: {', '.join(known)}")
        return self

    def steps_judged_by(self, check: str) -> tuple[Step, ...]:
        """Return the steps whose output `check` judges: its gate's, and those of the checklist items bound to it."""
        bound = {name for item in self.checklist if check in item.checks for name in (item.id, *item.steps)}
        gate = check.partition("/")[0]
        return tuple(step for step in self.steps if step.gate == gate or step.item in bound)
