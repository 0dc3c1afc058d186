"""`python -m service` is the command `engagements`."""

from service.cli import main

main()
