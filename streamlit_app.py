import streamlit as st

from cifar7.ui.shell import address, controls, pages, person, sheets, state
from cifar7.ui.strip import strip, who

st.set_page_config(page_title="cifar7", page_icon=sheets.ICON, layout="wide")
st.html(sheets.PAGE)
st.html(sheets.COMPONENTS)
address.begin()
page = st.navigation(
    [
        st.Page(
            p.file,
            title=p.title,
            icon=p.icon,
            url_path=p.path or None,
            default=not p.path,
            visibility="hidden" if p.bare else "visible",
        )
        for p in pages.shown(person.person().teacher)
    ],
    position="top",
)
for notice in state.take_notices():
    st.toast(notice, icon=":material/info:", duration="long")
if page.url_path not in pages.BARE:
    strip.strip()
    who.draw()
page.run()
controls.end()
