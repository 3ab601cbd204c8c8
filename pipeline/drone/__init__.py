"""What does the flight show: where, how much, since when?"""
