"""How people read a flight: rasters that open anywhere, pictures, one page, and a record for programs."""
