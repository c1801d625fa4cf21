"""The strip above every page: the figures of the design, and how the chosen run stands.

Shown by `streamlit_app.py`. Knows the state of the session, and no page.
"""
