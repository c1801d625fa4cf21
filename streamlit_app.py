import streamlit as st

from cifar7.ui import address, component_style, figures, pages, state, style

st.set_page_config(page_title="cifar7", page_icon=":material/grid_view:", layout="wide")
st.html(style.SHEET)
st.html(component_style.SHEET)
address.begin()
page = st.navigation(
    [
        st.Page(pages.DESIGN, title="Design", icon=":material/tune:", default=True),
        st.Page(pages.TRAIN, title="Train", icon=":material/model_training:"),
        st.Page(pages.MISTAKES, title="Mistakes", icon=":material/image_search:"),
        st.Page(pages.COMPARE, title="Compare", icon=":material/compare_arrows:"),
        st.Page(pages.HAND_IN, title="Hand in", icon=":material/assignment_turned_in:"),
    ],
    position="top",
)
for notice in state.take_notices():
    st.toast(notice, icon=":material/info:", duration="long")
figures.strip()
page.run()
