"""The `deltag` command: the one place that knows all four services."""
