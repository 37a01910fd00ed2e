"""Owns contact cards, the send ledger and the texts of mails; tells people by e-mail where their sign-up stands.
Publishes `notifications.mail.sent`, `.failed` and `.suppressed`, which carry ids and states, no address and no text.
Listens to programmes, activities and sign-ups on `deltag.events`, and to sealed contact cards on `deltag.personal`.
"""
