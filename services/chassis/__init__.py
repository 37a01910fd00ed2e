"""What every service stands on: messages, delivery, doors. It knows no child and no workshop."""
