"""What is true in registration, whoever asks: plain Python, a file a noun. It uses nothing but the standard library."""
