"""What registration reports about the registers that it asks.

register   `persons` or `institutions`
outcome    found, unknown, away
"""

from prometheus_client import Counter, Gauge

ASKED = Counter("deltag_register_lookups_total", "Questions to a national register, by what became of them.", ("register", "outcome"))
OPEN = Gauge("deltag_register_circuit_open", "1 while a national register is away and is left alone.", ("register",))
WAITING = Gauge("deltag_register_lookups_waiting", "People who are enrolled as they were told, and not looked up yet.")
