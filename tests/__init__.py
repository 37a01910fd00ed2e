"""The specification of Deltag, as sentences that run. `conftest.py` says what is real in it and what is fake."""
