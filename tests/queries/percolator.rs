//! Term-only queries against the percolator library `mokaccino`.
