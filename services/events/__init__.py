"""Owns activities, their sessions and what these book, sign-ups, waiting lists and attendance; calendar feeds and papers.
Publishes `events.activity.*`, `events.signup.*` and `events.attendance.*`, in ids and coarse attributes only; and, sealed for
notifications, `events.survey-link.*`: those who came are asked how it was, and what they answer is nobody's.
Listens to registration's programmes, institutions, professionals, enrolments, families, consents and merges: they say who may
sign up; to notifications' mails: they say whether somebody was told of an offer; and to erasures, which it answers with
`events.participation.erased`.
"""
