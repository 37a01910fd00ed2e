"""Runs one of the two: `python -m benchmarks.contestants.faststream.process enrolment`."""

import sys
from importlib import import_module

import uvloop

if __name__ == "__main__":
    uvloop.run(import_module(f"benchmarks.contestants.faststream.{sys.argv[1]}").app.run())
