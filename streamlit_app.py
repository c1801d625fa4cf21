import streamlit as st

from cifar7.ui.shell import address, component_style, pages, state, style
from cifar7.ui.strip import strip

st.set_page_config(page_title="cifar7", page_icon=":material/grid_view:", layout="wide")
st.html(style.SHEET)
st.html(component_style.SHEET)
address.begin()
page = st.navigation(
    [
        st.Page(p.file, title=p.title, icon=p.icon, url_path=p.path or None, default=not p.path)
        for p in pages.ALL
    ],
    position="top",
)
for notice in state.take_notices():
    st.toast(notice, icon=":material/info:", duration="long")
strip.strip()
page.run()
