"""Fuzz: what the contracts' examples become when chance has its way with them, over the bus and over HTTP.

Everything comes from a seed that the test prints; `DELTAG_FAULT_SEED` makes the same run again. `DELTAG_FUZZ_MESSAGES` and
`DELTAG_FUZZ_REQUESTS` say how many a thorough run takes. The property is always the same: no crash, no hang, every one
answered or parked with a reason that a person can read, good neighbours unharmed, and nobody's personal data told.
"""
