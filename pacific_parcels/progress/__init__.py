"""Progress: what was believed of standards, commitments and actions on a day, and how it scores.

history   the rows of gap reports that were in force on a day, from receipts and vintages
scores    pure functions from rows to figures, each after a practice that is published
words     the same for a person, in English or in French
"""
