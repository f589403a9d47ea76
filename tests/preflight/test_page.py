"""The page as it is before the release: what goes wrong on it anyway, and which files it is made of."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from releasegate.checks.page import loading as checks
from releasegate.probes.browser import loading as probe

pytestmark = pytest.mark.preflight


@pytest.mark.check("preflight/page-baseline", promise="interface.page", target="frontend")
def test_the_errors_of_the_old_page_are_known(site, require):
    page, events = probe.look_at_page(site, in_all_widths=True)
    shapes = sorted({event.shape for event in events.value})
    assets = {urlsplit(asset.url).path: asset.sha256 for asset in page.value.assets}
    seen = {"texts": list(page.value.texts), "sideways": checks.too_wide_on(page.value)}
    kept = replace(page, shown={"shapes": shapes, "assets": assets, **seen})
    require(checks.baseline_recorded(1 if page.value.status else 0, shapes, len(assets)), kept, events)
