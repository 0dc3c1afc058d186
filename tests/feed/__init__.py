"""A system that keeps a copy of the register by its changes: killed and started again, it ends with the same as the register.

python -m tests.feed --kills 50 --database sqlite
"""
