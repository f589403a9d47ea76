"""The gates' plugin; everything else arrives as a fixture."""

pytest_plugins = ["releasegate.plugin"]
