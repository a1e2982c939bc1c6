"""The catalogue: products, full-text and semantic search with facets, import."""
