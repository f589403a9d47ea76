"""`python -m releasegate.cli`, which the script `gate` calls."""

from releasegate.cli import main

main()
