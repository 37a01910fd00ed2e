"""The pages on which those who came say how it was: in the reader's language, with no script, about nobody.

They share layout, fields and style with the pages of other services (`services/chassis/pages`). `api/surveys.py` has the doors.
"""
