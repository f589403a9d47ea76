"""The rule from url to type: what the server makes of it agrees with its model in Python, url by url."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg import sql

from releasegate.change.models import Backfill, TypeCase
from releasegate.core.url_rule import place_of_case
from releasegate.probes import rule_sql

SOURCE = "runbook 4.5"
# Letters that change their length or themselves in some locales (İ, K, ß), and what a url is cut at.
ANY_TEXT = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",)), max_size=30)
URLS = st.one_of(
    ANY_TEXT,
    st.builds(
        "".join,
        st.tuples(
            st.sampled_from(["", "https://cdn.example", "http://x.MOV", "//h", "s3://b", "://x.jpg", "instagram://"]),
            st.sampled_from(["", "/", "/a", "/a.b/", "/ä%20ö/", "/İ.", "/K/", "/://"]),
            st.sampled_from(["", "p", "P.7", "photo.", ".", "%2e", "ß", "a b"]),
            st.sampled_from(
                ["", ".jpg", ".JPG", "jpg", ".mov", ".jpeg", ".7z", ".jpgx", ".jpg%3F", ".Kpg", ".tar.GZ", ".gz"]
            ),
            st.sampled_from(["", "/", "//", "?", "?a=.jpg", "#.mov", "?a#b", "#a?b.jpg", "/?x", "é", "?a=/b.jpg"]),
        ),
    ),
)
ENDINGS = st.lists(
    st.sampled_from(["jpg", "MOV", "jpeg", "7z", "gz", "tar.gz", "K", "ß", "%3F", "", "jpg%3F"]), max_size=4
)
CASES = st.lists(
    st.builds(
        lambda endings, values: TypeCase(
            source=SOURCE, endings=endings, column="kind" if values else None, values=values, types=("x",)
        ),
        ENDINGS.map(tuple),
        st.lists(st.sampled_from(["clip", "Clip", "it's", ""]), max_size=2).map(tuple),
    ),
    min_size=1,
    max_size=4,
)
ROWS = st.lists(st.tuples(URLS, st.sampled_from(["clip", "text", "it's", "", None])), min_size=1, max_size=40)


def backfill(cases):
    return Backfill(
        source=SOURCE, table="t", from_column="url", to_column="files", url=("/0/url",), type=("/0/type",), types=cases
    )


@pytest.fixture(scope="module")
def asked(cluster):
    with psycopg.connect(cluster.database()) as connection:
        yield connection


@given(CASES, ROWS)
@example(
    [TypeCase(source=SOURCE, endings=("jpg",), types=("image",))],
    [
        ("https://x.jpg", None),
        ("https://x/a.jpg?b#c", None),
        ("jpg", None),
        (".jpg", None),
        ("https://x/a.jpg//", None),
    ],
)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_server_and_the_model_see_the_same_case(asked, cases, rows):
    """For every url, and every value of the column that a case looks at, the same case decides, or none."""
    url = sql.SQL('(url COLLATE "C")')
    query = sql.SQL("SELECT {} FROM unnest({}::text[], {}::text[]) WITH ORDINALITY AS row (url, kind, place)").format(
        rule_sql.place_of_case(backfill(cases), rule_sql.path_of(url), {"kind": sql.SQL('(kind COLLATE "C")')}),
        sql.Literal([url for url, _ in rows]),
        sql.Literal([kind for _, kind in rows]),
    )
    found = [place for (place,) in asked.execute(sql.SQL("{} ORDER BY place").format(query))]
    assert found == [place_of_case(cases, url, {"kind": kind}) for url, kind in rows]
