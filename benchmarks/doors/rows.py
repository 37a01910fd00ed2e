"""The rows that are read, and the query that reads one: the same text behind every door."""

from pathlib import Path

MIGRATIONS = Path(__file__).parent / "migrations"

TABLE = """
create table reading (event_id uuid primary key, received_at timestamptz not null default clock_timestamp());
insert into reading (event_id) select gen_random_uuid() from generate_series(1, 1000)
"""
ANY_ID = "select event_id::text from reading limit 1"
ONE = "select event_id::text, received_at::text from reading where event_id = cast(:id as uuid)"
