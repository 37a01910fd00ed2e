"""Owns the figures: read models of its own, built from facts alone, and the report that reveals no family.
Publishes `reporting.figures.erased`, its answer to an erasure, and nothing else.
Listens to registration.{programme,institution,professional,enrolment,consent,erasure}, events.{activity,signup,attendance},
notifications.mail.
"""
