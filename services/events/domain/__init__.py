"""What is true of activities and those who come to them: plain Python that knows no table, no message and no door."""
