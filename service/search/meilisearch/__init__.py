"""The engine that is a Meilisearch server: the one room that knows its HTTP interface and imports its client.

The writing half speaks through the official client on our own transport; the asking half, which every search of the
API waits for, has a connection pool of its own (`hop`). Neither is loaded before it is used, so a service that is only
asked never pays for the client, and one with the embedded engine pays for nothing here.
"""

from service.search.meilisearch.engine import MeilisearchEngine

__all__ = ["MeilisearchEngine"]
