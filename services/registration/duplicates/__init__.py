"""Who may be stored twice: candidates, each with a score and its reasons. Never more than that: a person decides.

    somebody is stored or changes ──▶ his keys ──▶ who shares a key ──▶ how alike they are ──▶ candidates

A key is something that two records of one person usually have in common (`blocking.py`): of 100,000 people each is then
compared with a handful instead of all. How alike two are, and why, is `scoring.py`. The database notes who has come in or
changed (`unmatched`), whichever door he came through, and `finding.py` takes them in sets soon after.
"""
