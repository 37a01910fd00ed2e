"""`deltag publish FILE`: what another system does to ask for enrolments, as one command."""

from services.cli.publish.command import publish

__all__ = ["publish"]
