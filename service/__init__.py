"""A searchable register of diplomatic engagements: who met whom, when, where, about what, and which source says so."""

__version__ = "0.1.0"
