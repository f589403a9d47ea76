"""The page as it is before the release: what goes wrong on it anyway, and which files it is made of."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from releasegate.checks.page import loading as checks
from releasegate.core import CannotMeasure
from releasegate.core.facts.inbox import Conversation
from releasegate.probes.browser import loading as probe
from releasegate.probes.samples import names_of, neighbours_of

pytestmark = pytest.mark.preflight

FIRST = 5  # conversations that are asked for, to open one of them: a name is known by being only one's


@pytest.fixture
def inside(site, target, request):
    """Return what goes wrong in the first conversation, None where none can be had: the page alone is judged."""
    if not target.backend or not site.login.is_in:
        return None
    try:
        listing = request.getfixturevalue("api").conversations(FIRST).value
        key = next(iter(listing.known_ids), None)
        names = names_of(listing)
        found = key and Conversation(id=key, names=names.get(key, ()), neighbours=neighbours_of(key, names))
        return probe.look_into_a_conversation(site, found) if found else None
    except CannotMeasure:
        return None


@pytest.mark.check("preflight/page-baseline", promise="interface.page", target="frontend")
def test_the_errors_of_the_old_page_are_known(site, inside, require):
    page, events = probe.look_at_page(site, in_all_widths=True)
    shapes = sorted({event.shape for event in (*events.value, *(inside.value if inside else ()))})
    assets = {urlsplit(asset.url).path: asset.sha256 for asset in page.value.assets}
    seen = {"texts": list(page.value.texts), "sideways": checks.too_wide_on(page.value)}
    kept = replace(page, shown={"shapes": shapes, "assets": assets, **seen})
    judged = checks.baseline_recorded(1 if page.value.status else 0, shapes, len(assets), page.value.error)
    require(judged, kept, events, inside)
