"""The third made county: loess hills in cells of 10 m, everything that is dug or built on them, and a sensor above."""
