"""Exercises: a table with blanks, its solutions with their arithmetic, and marks of answers.

- `questions`: which cells of the table are blank, and what belongs there.
- `mistakes`: what comes out where one thing is forgotten, by the rules of the layers themselves.
- `marking`: a file of answers, and what is right, carried on, or was probably forgotten.
"""
