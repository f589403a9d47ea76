"""Test data is found in a real database beside a real API, without knowing which column holds the conversation."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from releasegate.core import CannotMeasure
from releasegate.plugin.subject import load_subject
from releasegate.probes.http import open_api
from releasegate.probes.postgres import open_session
from releasegate.probes.samples import Finder, find
from releasegate.target.models import Looked

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple]:
    """Return the reference after its release: its database, its API and its change."""
    state = tmp_path_factory.mktemp("samples") / "inbox"
    command = [sys.executable, "-m", "reference_inbox"]
    up = [*command, "up", "--state", str(state), "--at", "released", "--rows", "3000"]
    subprocess.run(up, check=True, capture_output=True)
    subject = load_subject(state / "target.toml", None, PROJECT)
    with ExitStack() as stack:
        stack.callback(subprocess.run, [*command, "down", "--state", str(state)], check=True, capture_output=True)
        database = stack.enter_context(open_session(subject.target.database))
        api = stack.enter_context(open_api(subject.target.backend, subject.change.api, state / "session.json"))
        with psycopg.connect(json.loads((state / "reference.json").read_text())["admin_dsn"], autocommit=True) as admin:
            admin.execute(NESTED)
        yield database, api, subject.change


NESTED = """
CREATE TABLE nested_messages AS
SELECT to_jsonb(m) ->> 'id' AS id, conversation_id, media_url, 'Comment' AS title, content AS said, created_at,
  jsonb_build_object('v', 1, 'list', attachments) AS media FROM messages m;
GRANT SELECT ON nested_messages TO PUBLIC
"""


def test_the_column_of_the_conversation_is_found_by_comparison(inbox):
    """The column that holds every message's conversation is known from the rows alone."""
    database, api, change = inbox
    ids = api.conversations(10).value.known_ids
    assert Finder(database, api, change, None)._conversation_column(ids) == "conversation_id"


def test_together_the_samples_hold_everything_that_is_promised(inbox):
    """Old pictures and videos, several attachments, replies and a reply to a deleted message are among them."""
    samples = find(*inbox, None).value
    media = [medium for one in samples.conversations for medium in one.media]
    replies = [reply for one in samples.conversations for reply in one.replies]
    assert {"image", "video"} <= {medium.kind for medium in media if medium.is_old}
    assert any(message.has_several(samples.kinds) for one in samples.conversations for message in one.messages)
    assert {reply.original.is_gone for reply in replies} == {True, False}
    assert {reply.original.sender == reply.sender for reply in replies} == {True, False}
    assert samples.replies >= len(replies)


def test_who_wrote_is_told_by_the_api_where_no_column_does(inbox, monkeypatch):
    """A table that holds only the number of a person, beside an API that says the name."""
    monkeypatch.setattr("releasegate.probes.samples._SENDER", re.compile("no such column"))
    replies = [reply for one in find(*inbox, None).value.conversations for reply in one.replies]
    assert {reply.original.sender == reply.sender for reply in replies if reply.original.sender} == {True, False}
    database, api, change = inbox
    fields = change.api.fields.model_copy(update={"sender": ("/nowhere",)})
    silent = change.model_copy(update={"api": change.api.model_copy(update={"fields": fields})})
    found = find(database, api, silent, None).value
    assert {message.sender for one in found.conversations for message in one.messages} == {""}


def test_messages_can_be_named(inbox):
    """Their conversations are looked at, and they are tried first."""
    several = find(*inbox, None).value.with_several
    assert len(several) > 1
    wanted = several[-1]
    samples = find(*inbox, None, Looked(messages=(wanted[1].id,))).value
    assert [one.id for one in samples.conversations] == [wanted[0].id]
    assert samples.with_several[0][1].id == wanted[1].id
    with pytest.raises(CannotMeasure, match="messages has no row"):
        find(*inbox, None, Looked(messages=("00000000-0000-0000-0000-000000000000",)))


def test_a_named_message_that_the_api_does_not_show_is_said(inbox):
    """One of the table that stands further back than the first page."""
    database, *_ = inbox
    query = "SELECT id::text FROM messages ORDER BY created_at LIMIT 1"
    with pytest.raises(CannotMeasure, match=r"the API does not show .* on the first page"):
        find(*inbox, None, Looked(messages=(database.read(query).row["id"],)))


def test_the_list_of_attachments_may_stand_inside_an_object_and_the_text_in_any_column(inbox):
    """{"v": 1, "list": [{…}, {…}]} in a table whose text column nobody named."""
    database, api, change = inbox
    known = find(*inbox, None).value
    places = {"url": ("/list/0/url",), "type": ("/list/0/type",), "to_column": "media", "table": "nested_messages"}
    backfill = change.backfill.model_copy(update={**places, "preview_column": None})
    samples = find(database, api, change.model_copy(update={"backfill": backfill}), None).value
    assert samples.several == known.several > 0
    assert samples.with_several
    texts = {message.text for one in samples.conversations for message in one.messages} - {""}
    assert texts & {message.text for one in known.conversations for message in one.messages}


def test_every_sample_is_something_the_api_shows(inbox):
    """A sampled message stands in the API's own page of its conversation."""
    database, api, change = inbox
    samples = find(database, api, change, None).value
    for conversation in samples.conversations:
        listed = set(api.messages(conversation.id).value.known_ids)
        assert {message.id for message in conversation.messages} <= listed


def test_a_conversation_is_known_whole_only_where_the_api_says_that_there_is_no_more(inbox):
    """A short page without a next one is all there is; of an API whose pages nobody can turn, that is not known."""
    database, api, change = inbox
    first = api.messages(api.conversations(1).value.known_ids[0]).value
    last = replace(first, items=first.items[:20], is_whole=True)
    finder = Finder(database, api, change, None)
    assert [finder._is_whole(one) for one in (first, last, replace(first, is_whole=True))] == [False, True, False]
    messages = change.api.messages.model_copy(update={"cursor": ""})
    blind = change.model_copy(update={"api": change.api.model_copy(update={"messages": messages})})
    assert not Finder(database, api, blind, None)._is_whole(last)


def test_texts_of_customers_stay_out_of_the_evidence(inbox):
    """What is kept of the samples is ids and counts."""
    found = find(*inbox, None)
    texts = {message.text for one in found.value.conversations for message in one.messages if len(message.text) > 9}
    assert texts
    assert not any(text in str(found.shown) + repr(found.value) for text in texts)


def test_a_change_without_backfill_has_no_samples(inbox):
    """Nothing says which column holds media, so nobody can look."""
    database, api, change = inbox
    with pytest.raises(CannotMeasure, match=r"no \[backfill\]"):
        find(database, api, change.model_copy(update={"backfill": None}), None)
