"""Mistakes."""

import streamlit as st

st.title("Mistakes")
