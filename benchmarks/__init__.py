"""What Deltag costs, measured beside a limit that nobody gets past, in one run."""
