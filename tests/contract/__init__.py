"""Proof that the API holds what its document says: random requests, races, and retries over lost answers.

`docs/contract.md` tells how to run them and what they gave.
"""
