"""Owns programmes, places, children, guardians, professionals, enrolments and consents, and with them all names and CPR numbers.
Publishes registration.{programme,institution,enrolment,consent,professional}.# and, sealed, registration.{contact,sign-up-link}.#.
Listens to enrolment.requested and enrolment.withdrawal-requested of other systems, on `deltag.requests`.
"""
