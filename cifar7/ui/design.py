"""Design: what am I building, and what does this toggle do?"""

import streamlit as st

st.title("Design")
