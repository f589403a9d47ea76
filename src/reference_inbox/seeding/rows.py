"""The rows: made inside PostgreSQL from a seed, so that millions take seconds and the same seed gives the same rows.

Every choice is the hash of seed, purpose and row number; nothing asks `random()`. Times count back from the last
midnight (UTC), so they are the same all day long; ids, texts, shapes and order never change.
"""

import hashlib
import secrets
from typing import Final

import psycopg
from psycopg import sql

from reference_inbox.seeding import texts
from reference_inbox.seeding.shapes import ring

LOGIN_EMAIL: Final = "maria@aurora.example"
MESSAGES_A_CONVERSATION: Final = 100
FEWEST_CONVERSATIONS, MOST_CONVERSATIONS = 12, 5000
LEAST_ROWS: Final = 300  # below, not every shape of the ring occurs
INDEX: Final = "idx_messages_conversation"

HELPERS: Final = """
CREATE FUNCTION pg_temp.pick(purpose text, n bigint, choices bigint) RETURNS bigint IMMUTABLE LANGUAGE sql
AS $$ SELECT (hashtextextended({seed} || purpose, n) & 9007199254740991) % choices $$;
CREATE FUNCTION pg_temp.share(purpose text, n bigint) RETURNS double precision IMMUTABLE LANGUAGE sql
AS $$ SELECT (hashtextextended({seed} || purpose, n) & 1048575) / 1048576.0 $$;
CREATE FUNCTION pg_temp.id(kind text, n bigint) RETURNS uuid IMMUTABLE LANGUAGE sql
AS $$ SELECT md5({seed} || kind || n)::uuid $$;
CREATE TEMP TABLE lists (name text, n bigint, value text, extra text);
"""

ACCOUNT: Final = """
INSERT INTO instagram_accounts (id, username, name)
VALUES (pg_temp.id('account', 0), 'aurora.ceramica', 'Aurora Cerâmica')
"""

# Conversation ends lie close together now and far apart a year ago, as in a shop that grows.
CONVERSATIONS: Final = """
INSERT INTO conversations (id, account_id, customer_name, customer_username, created_at)
SELECT pg_temp.id('conversation', c.n), pg_temp.id('account', 0), f.value || ' ' || l.value,
       lower(translate(f.value, 'ÚÁáãâéêíóôõúç', 'UAaaaeeiooouc')) || '.' || c.n, {today}::timestamptz
FROM generate_series(0, {conversations} - 1) AS c (n)
JOIN lists f ON f.name = 'first' AND f.n = pg_temp.pick('first', c.n, {first})
JOIN lists l ON l.name = 'last' AND l.n = pg_temp.pick('last', c.n, {last})
"""

# 35 of 100 messages have media. The first ones give every conversation one message; the others favour some
# conversations, so lengths run from a few to several hundred.
MESSAGES: Final = """
INSERT INTO messages (id, conversation_id, sender_type, sender_name, message_type, content, media_url, is_read,
                      created_at, updated_at, deleted_at)
SELECT pg_temp.id('message', m.n), c.id, who,
       CASE who WHEN 'customer' THEN c.customer_name ELSE staff.value END,
       CASE WHEN has_media THEN shape.extra ELSE 'text' END,
       CASE WHEN NOT has_media THEN said.value WHEN kind < 4 THEN caption.value WHEN kind < 8 THEN NULL ELSE '' END,
       CASE WHEN has_media THEN {media} || shape.value WHEN kind = 0 THEN '' END,
       who = 'user' OR NOT unread OR age > 0.04, at, at,
       CASE WHEN pg_temp.pick('deleted', m.n, 70) = 0 THEN at + interval '3 minutes' END
FROM (
    SELECT n, talk, age, pg_temp.pick('kind', n, 10) AS kind, n % 20 IN (1, 4, 7, 10, 13, 16, 18) AS has_media,
           (n / 20) * 7 + (n % 20) / 3 AS media_n,
           CASE WHEN pg_temp.pick('who', n, 5) < 3 THEN 'customer' ELSE 'user' END AS who,
           pg_temp.pick('unread', talk, 4) = 0 AS unread,
           {today}::timestamptz - interval '400 days' * power(pg_temp.share('end', talk), 3)
               - interval '1 day' * (2 + 90 * pg_temp.share('span', talk)) * age - interval '1 minute' AS at
    FROM (
        SELECT n, pg_temp.share('age', n) AS age, CASE WHEN n < {conversations} THEN n
            ELSE floor({conversations} * power(pg_temp.share('talk', n), 1.6))::bigint END AS talk
        FROM generate_series(0::bigint, {rows} - 1) AS n
    ) placed
) m
JOIN conversations c ON c.id = pg_temp.id('conversation', talk)
JOIN lists shape ON shape.name = 'shape' AND shape.n = media_n % {shape}
JOIN lists caption ON caption.name = 'caption' AND caption.n = pg_temp.pick('caption', m.n, {caption})
JOIN lists said ON said.name = who AND said.n = pg_temp.pick('said', m.n, CASE who WHEN 'user' THEN {user}
                                                                        ELSE {customer} END)
JOIN lists staff ON staff.name = 'staff' AND staff.n = pg_temp.pick('staff', m.n, {staff})
"""

SUMMARY: Final = """
UPDATE conversations c SET last_message_at = s.last_at, created_at = s.first_at, unread_count = s.unread
FROM (SELECT conversation_id, max(created_at) FILTER (WHERE deleted_at IS NULL) AS last_at,
             min(created_at) AS first_at, count(*) FILTER (WHERE NOT is_read AND deleted_at IS NULL) AS unread
      FROM messages GROUP BY 1) s
WHERE s.conversation_id = c.id
"""


def conversations_for(rows: int) -> int:
    """Say how many conversations ROWS messages are spread over."""
    return max(FEWEST_CONVERSATIONS, min(MOST_CONVERSATIONS, rows // MESSAGES_A_CONVERSATION))


def fill(dsn: str, rows: int, seed: int, media_url: str, password: str) -> None:
    """Fill the empty tables. DSN must be a superuser's: rows right by construction skip the foreign key triggers."""
    lists = word_lists()
    values: dict[str, sql.Composable] = {name: sql.Literal(len(words)) for name, words in lists.items()}
    values |= {
        "seed": sql.Literal(f"{seed}:"),
        "rows": sql.Literal(rows),
        "media": sql.Literal(media_url),
        "conversations": sql.Literal(conversations_for(rows)),
        "today": sql.SQL("current_date"),
    }
    with psycopg.connect(dsn) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        # The planner takes the lists for tiny results and loops over them for each row: twice the time.
        connection.execute("SET LOCAL enable_nestloop = off")
        connection.execute(sql.SQL(HELPERS).format(**values))
        load_lists(connection, lists)
        add_users(connection, password)
        connection.execute(ACCOUNT)
        connection.execute(sql.SQL(CONVERSATIONS).format(**values))
        definition = connection.execute("SELECT pg_get_indexdef(%s::regclass)", (INDEX,)).fetchone()
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(INDEX)))
        connection.execute(sql.SQL(MESSAGES).format(**values))
        connection.execute(definition[0] if definition else "")
        connection.execute(SUMMARY)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def word_lists() -> dict[str, list[tuple[str, str]]]:
    """Gather the lists that rows choose from; the second value of a shape is its message type."""
    plain = {
        "first": texts.FIRST_NAMES,
        "last": texts.LAST_NAMES,
        "staff": texts.STAFF,
        "caption": texts.CAPTIONS,
        "customer": texts.FROM_CUSTOMERS,
        "user": texts.FROM_STAFF,
    }
    words = {name: [(word, "") for word in some] for name, some in plain.items()}
    return words | {"shape": [(shape.address, shape.message_type) for shape in ring()]}


def load_lists(connection: psycopg.Connection, lists: dict[str, list[tuple[str, str]]]) -> None:
    """Copy the lists into a temporary table."""
    with connection.cursor() as cursor, cursor.copy("COPY lists FROM STDIN") as copy:
        for name, words in lists.items():
            for place, (value, extra) in enumerate(words):
                copy.write_row((name, place, value, extra))
    connection.execute("ANALYZE lists")


def add_users(connection: psycopg.Connection, password: str) -> None:
    """Add the people who sign in; both have the same password, this is a rehearsal."""
    for place, name in enumerate(texts.STAFF):
        email = f"{name.split(' ', maxsplit=1)[0].lower()}@{LOGIN_EMAIL.partition('@')[2]}"
        connection.execute(
            "INSERT INTO users (id, email, name, password_hash) VALUES (pg_temp.id('user', %s), %s, %s, %s)",
            (place, email, name, password_hash(password)),
        )


def password_hash(password: str) -> str:
    """Hash a password in the form that the API's login reads: scrypt, salt and digest in hexadecimal."""
    salt = secrets.token_bytes(16)
    return f"scrypt${salt.hex()}${hashlib.scrypt(password.encode(), salt=salt, n=2**13, r=8, p=1).hex()}"
