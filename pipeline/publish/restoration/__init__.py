"""Restoration for people: pictures year by year, charts, a page of its own, and what report and spreadsheet take from it.

All of it is made from a month's restoration.json and the pictures beside it.
"""
