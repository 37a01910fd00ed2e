"""What is true of figures: what is measured, how tables hang together, and what must not be printed."""
