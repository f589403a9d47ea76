"""The inbox API: conversations with Instagram customers, for the people who answer them."""
