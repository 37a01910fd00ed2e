"""Owns contact cards, the send ledgers and the texts of mails; tells people where their sign-up stands, and sends sign-up links.
Publishes `notifications.mail.sent`, `.failed` and `.suppressed`, which carry ids and states, no address and no text.
Listens to programmes, families, consents, merges, activities, sign-ups and erasures (which it answers with
`notifications.correspondence.erased`) on `deltag.events`, and on `deltag.personal` to sealed contact cards and links.
"""
