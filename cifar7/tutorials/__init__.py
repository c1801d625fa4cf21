"""Lessons as data: steps with a text, a design to start from and a task, which figures decide.

A lesson is a teacher's JSON file (`reading`), or one of those in `lessons/`. On the pages it is a lesson, in
the code a tutorial: `network.lessons` are the classic mistakes of a network. No torch, no streamlit.
"""
