"""What the files of the smoke gate share: the test data, and the window that lies open."""

import pytest

from releasegate.probes import samples as sampling
from releasegate.probes.browser import walking
from releasegate.probes.browser.desk import Desk


@pytest.fixture(scope="session")
def found_before():
    """Return what was found in the data since the process began, by when the deploy did."""
    return {}


@pytest.fixture(scope="module")
def sampled(database, api, site, change, target, deploy_began, found_before):
    """Return conversations that hold what the release promises to show, found in the data once per process."""
    found = found_before.get(deploy_began)
    if found is None:
        found = sampling.find(database, api, change, deploy_began, target.samples)
        found_before[deploy_began] = found
    media = [medium for conversation in found.value.conversations for medium in conversation.media]
    site.knows_hosts_of(url for medium in media for url in (medium.url, *medium.others))
    site.trials.know(media)
    return found


@pytest.fixture(scope="module")
def chosen(site, sampled, desk):
    """Return one living medium of each kind that the release promises to show."""
    return walking.choose(site, sampled.value, desk)


@pytest.fixture(scope="module")
def openable(chosen, change):
    """Return those of them that a click opens."""
    return [choice for choice in chosen if choice[1].kind in change.interface.viewed]


@pytest.fixture(scope="module")
def clicked(site, sampled, openable, desk):
    """Return what is clicked: a medium of each kind, and one of a message with several."""
    return [*openable, *walking.one_of_several(site, sampled.value, desk)]


@pytest.fixture(scope="module")
def desk(site):
    """Return the window in which a conversation stays open from one look to the next."""
    with Desk(site) as desk:
        yield desk


@pytest.fixture
def known_shapes(recorded):
    """Return the shapes of what went wrong on the page before the release, as preflight recorded them."""
    payloads = [payload.get("value") for payload in recorded("preflight/page-baseline")]
    return next((value["shapes"] for value in payloads if isinstance(value, dict) and "shapes" in value), ())


@pytest.fixture
def allowed(target):
    """Return what the target allows to go wrong on the page: pairs of pattern and reason."""
    return [(allow.pattern, allow.reason) for allow in target.allow]
