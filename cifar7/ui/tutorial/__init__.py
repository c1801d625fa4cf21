"""The open lesson beside a page, and the choice of one.

Shown by `streamlit_app.py` and offered on Design. Knows the state of the session, and no page.
"""
