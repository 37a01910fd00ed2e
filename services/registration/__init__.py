"""Owns programmes, places, children, guardians, professionals, enrolments, consents and
answers to questions, and with them all names and CPR numbers.
Publishes registration.{programme,institution,enrolment,family,guardian,consent,professional,request,erasure}.# and, sealed on
`deltag.personal`, registration.{contact,sign-up-link}.#.
Listens to enrolment.#, family.# and protection.# (requests of other systems), on `deltag.requests`, and to what the other services
answer to erasures.
"""
