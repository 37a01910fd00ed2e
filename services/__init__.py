"""Deltag: four services on one chassis, and the `deltag` command that runs them."""
