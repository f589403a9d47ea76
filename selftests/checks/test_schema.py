"""What the schema checks say, and when they stay silent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from releasegate.change.models import Column, ForeignKey, Index, Survivors
from releasegate.checks import schema as checks
from releasegate.checks.planned import planned_words
from releasegate.core import Verdict
from releasegate.core.facts.catalog import ColumnFacts, ForeignKeyFacts, IndexFacts, SchemaFacts

SOURCE = "runbook 3.2"
REPLY = ColumnFacts(table="messages", name="reply_to", type="uuid", nullable=True)
FILES = ColumnFacts(table="messages", name="files", type="jsonb", nullable=True, default="'[]'::jsonb")
KEY = ForeignKeyFacts(
    name="fk", table="messages", columns=("reply_to",), references_table="messages", references_columns=("id",),
    on_delete="SET NULL", is_valid=True,
)  # fmt: skip
INDEX = IndexFacts(
    name="by_reply", table="messages", method="btree", columns=("reply_to",), predicate="(reply_to IS NOT NULL)",
    is_valid=True, is_ready=True,
)  # fmt: skip
SCHEMA = SchemaFacts(
    tables={"messages": "public.messages"}, columns=(REPLY, FILES), foreign_keys=(KEY,), indexes=(INDEX,)
)
WANTED = Column(source=SOURCE, table="messages", name="files", type="jsonb")
WANTED_KEY = ForeignKey(source=SOURCE, table="messages", column="reply_to", references_table="messages")
WANTED_INDEX = Index(source=SOURCE, table="messages", name="by_reply")


def with_files(**changed):
    return replace(SCHEMA, columns=(REPLY, replace(FILES, **changed)))


def only(judgement):
    (finding,) = judgement.findings
    return finding


@pytest.mark.parametrize(
    "extra", [{}, {"nullable": True}, {"default": "'[]'"}, {"default": "'[]'::jsonb"}, {"type": "JSONB"}]
)
def test_a_column_as_promised_passes(extra):
    assert checks.columns_exist(SCHEMA, [WANTED.model_copy(update=extra)], {}).verdict is Verdict.PASS


def test_a_column_that_is_not_there_is_a_finding():
    judgement = checks.columns_exist(replace(SCHEMA, columns=(REPLY,)), [WANTED], {})
    assert judgement.verdict is Verdict.FAIL
    assert str(only(judgement)) == (
        "migration/columns: messages.files\n"
        "  want: jsonb (runbook 3.2)\n"
        "  have: no such column\n"
        "  why:  the new backend reads and writes this column as promised, and fails on anything else\n"
        "  fix:  run the migration again and read its whole output (psql goes on after an error), then this gate\n"
        "  run:  psql -c '\\d messages'"
    )


@pytest.mark.parametrize(
    ("found", "promised", "have"),
    [
        ({"type": "text"}, {}, "text"),
        ({"nullable": False}, {"nullable": True}, "NOT NULL"),
        ({"default": None}, {"default": "'[]'"}, "default none"),
        ({"default": "'{}'::jsonb"}, {"default": "'[]'"}, "default '{}'::jsonb"),
        ({"default": "('a'::text || 'c'::text)"}, {"default": "'a'::text || 'b'"}, "default ('a'::text || 'c'::text)"),
        ({"default": "'a::b'::text"}, {"default": "'a::c'"}, "default 'a::b'::text"),
    ],
)
def test_a_column_otherwise_than_promised_is_a_finding(found, promised, have):
    judgement = checks.columns_exist(with_files(**found), [WANTED.model_copy(update=promised)], {})
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, have)


@pytest.mark.parametrize(
    ("found", "promised"),
    [
        ("0::numeric(9,2)", "0"), ("NULL::character varying", "null"), ("'{}'::text[]", "'{}'"),
        ("'x'::character varying(20)", "('x'::varchar)"), ("'now'::timestamp(3) without time zone", "'now'"),
    ],
)  # fmt: skip
def test_the_cast_that_the_server_adds_to_a_literal_is_none_of_the_promise(found, promised):
    promise = WANTED.model_copy(update={"default": promised})
    assert checks.columns_exist(with_files(default=found), [promise], {}).verdict is Verdict.PASS


@pytest.mark.parametrize("found", [{"nullable": False}, {"default": None}])
def test_what_nobody_promised_of_a_column_is_silent(found):
    assert checks.columns_exist(with_files(**found), [WANTED], {}).verdict is Verdict.PASS


def test_no_promised_column_is_inconclusive():
    assert checks.columns_exist(SCHEMA, [], {}).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("on_delete", [None, "SET NULL"])
def test_a_foreign_key_as_promised_passes(on_delete):
    promised = WANTED_KEY.model_copy(update={"on_delete": on_delete})
    assert checks.foreign_keys_hold(SCHEMA, [promised]).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("keys", "have"),
    [
        ((), "no such foreign key"),
        ((replace(KEY, references_table="users"),), "no such foreign key"),
        ((replace(KEY, is_valid=False),), "fk is NOT VALID: older rows were never compared"),
        ((replace(KEY, on_delete="CASCADE"),), "ON DELETE CASCADE"),
    ],
)
def test_a_foreign_key_that_does_not_hold_is_a_finding(keys, have):
    promised = WANTED_KEY.model_copy(update={"on_delete": "SET NULL"})
    judgement = checks.foreign_keys_hold(replace(SCHEMA, foreign_keys=keys), [promised])
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, have)


@pytest.mark.parametrize(
    "extra", [{}, {"method": "btree"}, {"columns": ("reply_to",)}, {"predicate": "reply_to is not null"}]
)
def test_an_index_as_promised_passes(extra):
    assert checks.indexes_work(SCHEMA, [WANTED_INDEX.model_copy(update=extra)], {}).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("found", "promised", "have"),
    [
        ({"is_valid": False}, {}, "it exists but is INVALID"),
        ({"is_ready": False}, {}, "it exists but is not ready"),
        ({"table": "users"}, {}, "it is an index on users"),
        ({"name": "other"}, {}, "no such index"),
        ({"method": "hash"}, {"method": "btree"}, "method hash"),
        ({"columns": ("id",)}, {"columns": ("reply_to",)}, "columns (id)"),
        ({"predicate": None}, {"predicate": "reply_to IS NOT NULL"}, "predicate none"),
    ],
)
def test_an_index_that_does_not_work_is_a_finding(found, promised, have):
    schema = replace(SCHEMA, indexes=(replace(INDEX, **found),))
    judgement = checks.indexes_work(schema, [WANTED_INDEX.model_copy(update=promised)], {})
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, have)


SURVIVORS = Survivors(source=SOURCE, table="messages", columns=("reply_to", "files"))


@pytest.mark.parametrize("before", [{}, {("messages", "files"): "jsonb"}])
def test_columns_that_survived_pass(before):
    assert checks.survivors_are_there(SCHEMA, [SURVIVORS], before).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("schema", "have"), [(replace(SCHEMA, columns=(REPLY,)), "it is gone"), (with_files(type="text"), "text")]
)
def test_a_column_that_is_gone_or_of_another_type_is_a_finding(schema, have):
    judgement = checks.survivors_are_there(schema, [SURVIVORS], {("messages", "files"): "jsonb"})
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, have)


def test_types_before_come_from_the_recorded_catalog():
    catalog = {'column "Chat"."Msg"."Id"': "bigint not null identity a", "column public.m.t": "character varying(9)"}
    found = checks.types_before(catalog, [("Chat.Msg", "Chat.Msg", "Id"), ("m", "public.m", "t"), ("m", "x", "y")])
    assert found == {("Chat.Msg", "Id"): "bigint", ("m", "t"): "character varying(9)"}


BEFORE = {"table public.messages": "", "column public.messages.id": "uuid not null"}
PROMISED = {
    "column public.messages.reply_to": "uuid",
    "constraint public.messages.anything": "FOREIGN KEY (reply_to) REFERENCES public.messages(id)",
    "index public.by_reply": "CREATE INDEX by_reply ON public.messages USING btree (reply_to)",
}
WORDS = planned_words(
    {"messages": "public.messages"}, [WANTED.model_copy(update={"name": "reply_to"})], [], [WANTED_INDEX]
)


def test_what_the_release_names_is_no_surprise():
    assert checks.nothing_unplanned(BEFORE | PROMISED, BEFORE, WORDS).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("now", "have"),
    [
        (BEFORE | {"column public.messages.note": "text"}, "new: text"),
        ({"table public.messages": ""}, "gone"),
        (BEFORE | {"column public.messages.id": "text"}, "changed from uuid not null: text"),
        (BEFORE | {"index public.extra": "CREATE INDEX extra"}, "new: CREATE INDEX extra"),
        (
            BEFORE | {"constraint public.orders.k": "FOREIGN KEY (reply_to) REFERENCES public.messages(id)"},
            "new: FOREIGN KEY (reply_to) REFERENCES public.messages(id)",
        ),
        (
            BEFORE | {"index public.by_reply": "CREATE INDEX by_reply ON public.orders USING btree (a)"},
            "new: CREATE INDEX by_reply ON public.orders USING btree (a)",
        ),
        (
            BEFORE | {"index old.by_reply": "CREATE INDEX by_reply ON old.messages USING btree (a)"},
            "new: CREATE INDEX by_reply ON old.messages USING btree (a)",
        ),
    ],
)
def test_what_nobody_named_is_a_warning(now, have):
    judgement = checks.nothing_unplanned(now, BEFORE, WORDS)
    assert (judgement.verdict, only(judgement).have) == (Verdict.WARN, have)


@pytest.mark.parametrize(
    ("name", "was", "now", "have"),
    [
        ("owner of table public.messages", "app", "postgres", "changed from app: postgres"),
        ("details of table public.messages", "logged", "unlogged", "changed from logged: unlogged"),
        ("details of column public.messages.id", None, "collation C", "new: collation C"),
        ("details of function public.f()", "ab", "cd", "changed from ab: cd"),
    ],
)
def test_whose_a_table_is_and_how_it_is_kept_is_compared(name, was, now, have):
    before = BEFORE | {"owner of table public.messages": "app", "details of table public.messages": "logged"}
    before |= {name: was} if was else {}
    judgement = checks.nothing_unplanned(before | {name: now}, before, WORDS)
    assert (judgement.verdict, only(judgement).subject, only(judgement).have) == (Verdict.WARN, name, have)
    unknown = {kept: text for kept, text in before.items() if not kept.startswith(("owner of", "details of"))}
    assert checks.nothing_unplanned(before | {name: now}, unknown, WORDS).verdict is Verdict.PASS


def test_a_new_object_is_said_once_and_a_promised_one_with_its_details_not_at_all():
    before = BEFORE | {"owner of table public.messages": "app", "details of table public.messages": "logged"}
    table = {"table public.n": "", "owner of table public.n": "app", "details of table public.n": "logged"}
    assert only(checks.nothing_unplanned(before | table, before, WORDS)).subject == "table public.n"
    column = {"column public.messages.reply_to": "uuid", "details of column public.messages.reply_to": "generated"}
    assert checks.nothing_unplanned(before | column, before, WORDS).verdict is Verdict.PASS


def test_another_owner_after_a_restore_is_a_warning():
    before = BEFORE | {"owner of table public.messages": "app"}
    assert checks.catalog_is_back(before | {"owner of table public.messages": "me"}, before).verdict is Verdict.WARN


def test_without_a_baseline_it_is_inconclusive():
    assert checks.nothing_unplanned(BEFORE, None, WORDS).verdict is Verdict.INCONCLUSIVE
    assert checks.catalog_is_back(BEFORE, None).verdict is Verdict.INCONCLUSIVE


def test_a_restored_catalog_passes_and_a_leftover_is_a_finding():
    assert checks.catalog_is_back(BEFORE, BEFORE).verdict is Verdict.PASS
    judgement = checks.catalog_is_back(BEFORE | {"column public.messages.files": "jsonb"}, BEFORE)
    assert (judgement.verdict, only(judgement).have) == (Verdict.FAIL, "new: jsonb")


TABLES = ["public.messages"]
WHOLE = {"index public.i": "CREATE INDEX i ON public.messages USING btree (a)", "table public.messages": ""}


def left(now, before=WHOLE, planned=()):
    return checks.no_leftovers({**WHOLE, **now}, before, set(planned), TABLES)


@pytest.mark.parametrize(
    ("name", "definition", "have"),
    [
        ("index public.j", "CREATE INDEX j ON public.messages USING btree (b) (invalid)", checks.INVALID),
        ("index public.i_ccnew1", "CREATE INDEX i_ccnew1 ON public.messages USING btree (a)", checks.REINDEXED),
        ("constraint public.messages.c", "CHECK ((a > 0)) NOT VALID", checks.NOT_VALID),
        ("trigger public.messages.t", "CREATE TRIGGER t … (disabled)", checks.DISABLED),
    ],
)
def test_what_is_half_done_is_a_warning_when_it_is_new(name, definition, have):
    judgement = left({name: definition})
    assert judgement.verdict is Verdict.WARN
    assert (judgement.findings[0].subject, judgement.findings[0].have) == (name, have)
    assert left({name: definition}, before={**WHOLE, name: definition}).verdict is Verdict.PASS


def test_a_leftover_reads_like_this():
    judgement = left({"constraint public.messages.c": "CHECK ((a > 0)) NOT VALID"})
    assert str(judgement.findings[0]) == (
        "migration/leftovers: constraint public.messages.c\n"
        "  want: nothing half-done is left (releasegate)\n"
        "  have: a constraint that is NOT VALID\n"
        "  why:  rows from before were never compared with it, so it promises nothing about them\n"
        "  fix:  find out which command left it, finish it or drop it, then run this gate again\n"
        "  run:  psql -c '\\d public.messages.c'"
    )


def test_what_the_change_names_is_left_to_its_own_check():
    broken = {"index public.j": "CREATE INDEX j ON public.messages USING btree (b) (invalid)"}
    assert left(broken, planned={"index public.j on public.messages"}).verdict is Verdict.PASS


def test_without_a_baseline_only_the_change_s_tables_are_looked_at():
    other = {"index public.k": "CREATE INDEX k ON public.orders USING btree (b) (invalid)"}
    mine = {"index public.j": "CREATE INDEX j ON public.messages USING btree (b) (invalid)"}
    assert left(other, before=None).verdict is Verdict.PASS
    (finding,) = left(mine, before=None).findings
    assert finding.have == "an invalid index (whether it was there before is not known)"


def test_an_index_that_is_valid_again_or_only_named_alike_is_silent():
    now = {"index public.i_ccnews": "CREATE INDEX i_ccnews ON public.messages USING btree (a)"}
    was = {**WHOLE, "constraint public.messages.c": "CHECK ((a > 0)) NOT VALID"}
    assert left({**now, "constraint public.messages.c": "CHECK ((a > 0))"}, before=was).verdict is Verdict.PASS
