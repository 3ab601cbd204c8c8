"""A finished month in the forms that other offices and programs ask for, on demand."""
