"""The media service of shopping: what a photo shows and what a recording says."""
