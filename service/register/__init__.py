"""The truth: who met whom, when, where, about what, with what outcome, and which source says so.

One module per noun holds its table and the shape in which it is recorded; `verbs` is the only writer; `reading` is how
the rest of the house looks in. This room knows nothing of search or of HTTP.
"""
