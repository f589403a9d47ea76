"""Where the release is deployed and how to reach it: the target file, typed."""
