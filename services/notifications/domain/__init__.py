"""What is true of mails and reminders, in plain Python."""
