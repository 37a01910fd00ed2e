"""What a sign-up costs, and whether it stays right in a rush: Deltag beside two usual ways to keep seats from being given twice.

All three do the same job: an activity has 20 seats, at most ten of them for children; a family of a guardian and a child signs up; it
gets two seats or its place in the line, all or none. `rivals.py` says how each does it. Deltag also looks up who the family is,
whether it may come, and whether it is somewhere else at that time; it draws a number, records why, and tells of it in the same transaction.
"""

from benchmarks.seats.measuring import measure

__all__ = ["measure"]
