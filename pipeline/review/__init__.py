"""How do people answer? So far by an edited GeoJSON: `export` gives the month's cases, `apply` takes them back."""
