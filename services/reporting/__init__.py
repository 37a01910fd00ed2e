"""Owns the figures: read models of its own, built from facts alone, and the report that reveals no family.
Publishes nothing.
Listens to registration.{programme,institution,professional,enrolment,consent}, events.{activity,signup,attendance}, notifications.mail.
"""
