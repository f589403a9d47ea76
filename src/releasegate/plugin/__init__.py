"""The pytest plugin: options, the one list of gates, fixtures, and the recorder that turns reports into evidence.

The root conftest loads it; an entry point beside that would make pluggy register it twice and raise.
"""

pytest_plugins = [
    "releasegate.plugin.options",
    "releasegate.plugin.collection",
    "releasegate.plugin.outcome",
    "releasegate.plugin.session",
    "releasegate.plugin.terminal",
    "releasegate.plugin.fixtures",
]
