"""Runs one of the two, as `nameko run` does: `python -m benchmarks.contestants.nameko_direct.process enrolment`."""

# ruff: noqa: E402 - what could block is imported after the patch

import eventlet

eventlet.monkey_patch()

import sys
from importlib import import_module
from signal import SIGTERM, signal
from types import FrameType

from nameko.runners import ServiceRunner

from benchmarks.contestants import wire

MAX_WORKERS = 10
"""nameko's default, and thereby its prefetch."""


def main(name: str) -> None:
    """Serve until told to stop."""
    signal(SIGTERM, _interrupt)
    uris = {f"{name}:Base": wire.database_url(name, "psycopg2")}
    runner = ServiceRunner({"AMQP_URI": wire.amqp_url(), "DB_URIS": uris, "max_workers": MAX_WORKERS, "serializer": "json"})
    runner.add_service(import_module(f"benchmarks.contestants.nameko_direct.{name}").Service)
    runner.start()
    try:
        runner.wait()
    except KeyboardInterrupt:
        runner.kill()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main(sys.argv[1])
