"""HTTP, and nothing else: one module a resource, thin; the work is done by the register's verbs and readings, and the searcher.

Every refusal is `application/problem+json` (RFC 9457). Answers of the register are the JSON that the database put together,
handed on as bytes; the models in `records` and `pages` only describe them, and the tests hold the answers to them.
"""
