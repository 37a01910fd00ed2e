"""Faults, injected into the real thing: RabbitMQ, a durable PostgreSQL, and the services as processes of their own.

Every scenario ends before the same oracle (`oracle.py`), which counts what was attempted, acknowledged, handled, lost,
unexpected, repeated and done twice, and prints the figures: `scripts/test tests/reliability -rP` shows them.
`DELTAG_FAULT_ROUNDS` says how often the scenarios that repeat a fault repeat it, `DELTAG_FAULT_SEED` makes a random run again.
"""
