"""The garbage collector of a process that runs for long."""

import gc
from typing import Final

THRESHOLDS: Final = (50_000, 20, 20)
"""Objects that were made and not freed before the youngest are looked through, and how often that is for the older ones.

Records and documents are trees of a hundred containers each and without cycles, so they are freed without the collector. By
its defaults it would look through all of them again and again while a batch is built: a fifth of the time.
"""


def settle_in() -> None:
    """What the start has made stays for good, and the collector need not look through it again; later it is called less often."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
