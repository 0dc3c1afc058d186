"""The engines: how a document is made, how a question is put, and who can answer it.

This room knows no SQL session. `schema` says which attributes a document has and what may be asked of each, `document`
builds one from the rows of an engagement, `keys` folds text the same way for document and question, `query` turns what a
person typed into a `Query`, and `engine` is the one protocol that `embedded` and `meilisearch` both fulfil.
"""
