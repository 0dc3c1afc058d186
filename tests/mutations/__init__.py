"""Rules of the sync contract, each broken by one small change of the code, to show that a test notices.

    python -m tests.mutations                       # every rule, some minutes
    python -m tests.mutations --only no-barrier     # one of them

A change is made in a copy of the tree, never in the checkout; the tests that are named with it are run there until one
fails; that one must pass without the change. A change that no test notices is a rule that nothing holds.
"""
