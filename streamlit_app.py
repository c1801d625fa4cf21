import streamlit as st

from cifar7.ui import figures, pages, state, style

st.set_page_config(page_title="cifar7", page_icon=":material/grid_view:", layout="wide")
st.html(style.SHEET)
state.begin()
page = st.navigation(
    [
        st.Page(pages.DESIGN, title="Design", icon=":material/tune:", default=True),
        st.Page(pages.TRAIN, title="Train", icon=":material/model_training:"),
        st.Page(pages.MISTAKES, title="Mistakes", icon=":material/image_search:"),
    ],
    position="top",
)
for notice in state.take_notices():
    st.toast(notice, icon=":material/info:", duration="long")
figures.strip()
page.run()
