"""Owns programmes, places, children, guardians, professionals, enrolments, consents, answers to
questions and who may be stored twice, and with them all names and CPR numbers.
Publishes registration.{programme,institution,enrolment,family,guardian,consent,person,professional,request,erasure}.# and, sealed on
`deltag.personal`, registration.{contact,sign-up-link}.#.
Listens to enrolment.#, family.#, consent.# and protection.# (requests of other systems), on `deltag.requests`, and to what the
other services answer to erasures.
"""
