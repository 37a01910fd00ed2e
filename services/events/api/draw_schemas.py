"""What goes out where a draw is shown."""

from marshmallow import Schema, fields


class DrawSchema(Schema):
    activity_id = fields.String(metadata={"format": "uuid"})
    closes_at = fields.AwareDateTime(metadata={"description": "Who signs up before takes part."})
    commitment = fields.String(metadata={"description": "The SHA-256 of the seed's bytes, in hexadecimal; published from the opening on."})
    drawn_at = fields.AwareDateTime(allow_none=True, metadata={"description": "When it was held; null until then."})
    seed = fields.String(allow_none=True, metadata={"description": "32 bytes in hexadecimal; null until the draw is held."})


class TicketSchema(Schema):
    place = fields.Integer(metadata={"description": "Where it was drawn, from 1."})
    signup_id = fields.String(metadata={"format": "uuid"})
    lots = fields.Integer(metadata={"description": "How many lots it had; the best one counted."})
