"""The pytest plugin: options, the one list of gates, fixtures, and the recorder that turns reports into evidence.

It is registered as an entry point, so that its options are known before pytest looks for conftest files; a
`pytest_plugins` in a conftest beside that would make pluggy register it twice and raise.
"""

pytest_plugins = [
    "releasegate.plugin.options",
    "releasegate.plugin.collection",
    "releasegate.plugin.outcome",
    "releasegate.plugin.session",
    "releasegate.plugin.terminal",
    "releasegate.plugin.fixtures",
    "releasegate.plugin.resources",
    "releasegate.plugin.watching",
    "releasegate.plugin.live",
]
