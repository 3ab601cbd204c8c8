"""What a team takes along to a case: a map sheet and a form to print, and places for a phone or a handheld receiver."""
