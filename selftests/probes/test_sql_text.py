"""SQL as documents write it, cut into statements."""

from __future__ import annotations

import pytest

from releasegate.probes.sql_text import is_plannable, statements


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("UPDATE t SET a = ';' WHERE b = 'it''s; so';", ["UPDATE t SET a = ';' WHERE b = 'it''s; so'"]),
        ("BEGIN; SET LOCAL lock_timeout = '1s'; DELETE FROM t; COMMIT;", ["DELETE FROM t"]),
        ("-- a; b\nUPDATE a SET x = 1;\n/* c; */ TABLE b", ["-- a; b\nUPDATE a SET x = 1", "/* c; */ TABLE b"]),
        (r"UPDATE t SET a = E'\'; x'; SELECT 1", [r"UPDATE t SET a = E'\'; x'", "SELECT 1"]),
        ("DO $body$ BEGIN f(); END $body$; SELECT $$a;b$$", ["DO $body$ BEGIN f(); END $body$", "SELECT $$a;b$$"]),
        ('UPDATE "a;b" SET x = 1', ['UPDATE "a;b" SET x = 1']),
        ("CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; END; ", ["CREATE FUNCTION f() BEGIN ATOMIC SELECT 1; END"]),
        (" ; -- nothing", []),
    ],
)
def test_a_semicolon_ends_a_statement_unless_it_stands_in_something(text, found):
    """Strings, names, bodies and comments hold semicolons of their own; a transaction's frame is no statement."""
    assert list(statements(text)) == found


def test_a_comment_before_a_statement_does_not_hide_what_it_is():
    """EXPLAIN takes an UPDATE behind a comment of either kind, and no ALTER."""
    assert is_plannable("/* runbook 5 */ -- data\n update t set a = 1")
    assert not is_plannable("-- UPDATE\nALTER TABLE t DROP a")
