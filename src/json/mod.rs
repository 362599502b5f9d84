//! JSON as fitsnap reads and writes it: canonical form 1, and what differs between two documents.
