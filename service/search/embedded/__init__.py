"""The embedded engine: Tantivy in this process, the default where no server is named.

Its writing half needs no waiting: what `put` and `drop` were given is committed to disk before they return. One process
writes (Tantivy locks the folder); any number of processes read, and notice each commit by the index's own `meta.json`.

`layout` says how a document lies in an index, `folders` where each index lies, `marker` whose copy it is, `placing` how a
small file takes the place of another, and `damage` whether what lies there is what was written. `engine` is what the mirror
sends to, and `writer` its way into a folder. `reader` sees commits and holds what one generation of an index is asked with,
`vocabulary` knows its words, `meanings` says what a typed word may stand for, `ranking` which match is the better one,
`filters` what is left out, `hits` brings what was found into its order, and `searcher` answers.
"""

from service.search.embedded.engine import EmbeddedEngine
from service.search.embedded.searcher import EmbeddedSearcher

__all__ = ["EmbeddedEngine", "EmbeddedSearcher"]
