"""A municipality's file becomes families, professionals, institutions or districts: first as a report, then, confirmed, as what it said.

    received ─▶ mapping ─▶ reading ─▶ checking ─▶ checked ─▶ applying ─▶ applied ─▶ undo-checking ─▶ undo-checked ─▶ undoing ─▶ undone
                   ▲          └────────────────── another mapping, or a new dry run ──┴───────────────────┘
               needs a person, where a required column was not recognised

The dry run is the run, taken back: the same handlers decide, inside a savepoint that is then rolled back. So the report
says what will happen, and confirming does that or, where what is stored has moved since, nothing for the row. Taking an import back
goes the same way: a dry run that says what would be undone and what stays, then a confirmation.
Every pass goes in chunks, each a transaction that also says how far it came, so a killed one goes on where it was.
Rows of one family (one child or guardian, by number) stand in one chunk, which makes chunks independent of each other.

What stands in the file is kept sealed, and deleted after `DELTAG_IMPORT_DAYS`.
"""
