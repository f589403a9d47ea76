"""What the inbox holds at `before`: media files that exist, and messages of every kind that point at them."""
