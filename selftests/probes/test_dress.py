"""Files run on a real copy: what fails is said with its line, what must not run here is not run."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from releasegate.probes import dress
from releasegate.probes.dress import Found
from releasegate.probes.scratch import scratch_server
from releasegate.probes.scratch_databases import Databases


@pytest.fixture(scope="module")
def copy():
    with scratch_server() as server:
        databases = Databases(server)
        restored = SimpleNamespace(value=SimpleNamespace(database=databases.create(), path="/b/a.dump"))
        yield SimpleNamespace(databases=databases, restored=restored)


def run(copy, text):
    return dress._run(copy, Found("migrations/1.sql", text, "commit 1"), "migration")


def test_a_file_that_works_is_timed(copy):
    """It ends with 0 and says nothing."""
    done = run(copy, "BEGIN; CREATE TABLE a (b int); COMMIT;")
    assert (done.ran_well, done.said, done.duration_s > 0) == (True, "", True)


def test_an_error_inside_a_do_block_stops_the_file_and_is_said_with_its_line(copy):
    """What psql -f alone would end with 0 for."""
    done = run(copy, "SELECT 1;\nDO $$\nBEGIN\n  PERFORM c FROM a;\nEND $$;\nCREATE TABLE later ();")
    assert done.exit_code == 3
    assert done.said.startswith('line 5: ERROR: column "c" does not exist; LINE 1: SELECT c FROM a')
    assert "line 3 at PERFORM" in done.said


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("\\connect shop\nSELECT 1;", "it connects to another database"),
        ("\\! rm -rf /", "it runs programs"),
        ("COPY a TO PROGRAM 'sh';", "it runs programs"),
        ("\\ir other.sql", "it includes other files"),
        ("SELECT dblink_exec('host=shop', 'DELETE FROM a');", "it reaches other servers"),
    ],
)
def test_what_would_leave_the_copy_is_named_and_not_run(copy, text, why):
    """Nothing of it is sent."""
    assert run(copy, text).not_run == why


def test_words_that_only_look_like_it_run(copy):
    """A comment, a text, a column."""
    assert run(copy, "-- see \\connect in the handbook\nSELECT 'dblink', 'PROGRAM' AS program;").ran_well


def test_a_file_that_is_nowhere_is_named(copy):
    """It is no pass."""
    assert "neither in a fetched commit" in dress._run(copy, Found("a.sql", None, ""), "migration").not_run


@pytest.mark.parametrize(
    ("pointers", "json"),
    [
        (("/0/url", "/0/type"), [{"url": "image", "type": "image"}]),
        (("/items/0/href",), {"items": [{"href": "image"}]}),
        (("",), "image"),
    ],
)
def test_what_people_attach_is_laid_out_as_the_change_file_reads_it(pointers, json):
    """Lists where a number leads, objects where a name does."""
    assert dress._placed(dict.fromkeys(pointers, "image")) == json
