"""What the checks of a day and a week later share."""

import pytest


@pytest.fixture
def released(opened_at, deploy_began):
    """Return when the new frontend was out; when the deploy began where no gate saw that."""
    return opened_at("frontend") or deploy_began
