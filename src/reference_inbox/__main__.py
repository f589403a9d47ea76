"""Entry of `python -m reference_inbox`."""

import sys

from reference_inbox.cli import main

sys.exit(main())
