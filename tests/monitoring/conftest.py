"""What the checks of a day and a week later share."""

from datetime import UTC, datetime

import pytest


@pytest.fixture
def released(opened_at, deploy_began):
    """Return when the new frontend was out; when the deploy began where no gate saw that."""
    return opened_at("frontend") or deploy_began


@pytest.fixture
def released_s(released):
    """Return how many seconds ago that was, None where nobody knows."""
    return (datetime.now(UTC) - released).total_seconds() if released else None


@pytest.fixture
def after_week(options):
    """Whether it is asked after a week, and not after a day."""
    return options.after == "7d"
