"""What goes out where seats are held."""

from marshmallow import Schema, fields


class HoldSchema(Schema):
    hold_id = fields.String(metadata={"format": "uuid", "description": "To be named by the sign-up."})
    activity_id = fields.String(metadata={"format": "uuid"})
    seats = fields.Integer(metadata={"description": "One for each of the party."})
    expires_at = fields.AwareDateTime(metadata={"description": "Until when they are held."})
    extended = fields.Boolean(metadata={"description": "Whether their time was extended; it is so once."})
