"""Who may do what: API keys, and what a request may do with the one it brings, or without any."""
