"""`python -m services.cli` is `deltag`."""

from services.cli.main import main

main()
