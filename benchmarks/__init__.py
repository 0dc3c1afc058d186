"""Programs that measure the service. Each prints its own baseline from the same run; none of them is a test."""
