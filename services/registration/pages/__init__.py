"""The pages on which a family signs up without an account: what is asked, in which words, and what was typed.

Nothing is stored until the family sends: what was typed travels with the page, and every rule is the same as for the HTTP API
(`handlers/sign_ups.py`). The pages need no script and ask nobody else for anything. `api/sign_up_pages.py` has the doors.
"""
