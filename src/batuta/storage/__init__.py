"""Where things are kept: artefacts by content hash, and the SQL database."""
