"""`deltag import FILE`: the dry run of a municipality's file, its report, and on a yes what the report says."""

from services.cli.importing.command import import_

__all__ = ["import_"]
