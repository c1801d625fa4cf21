import streamlit as st

from cifar7.ui.shell import address, controls, navigation, pages, person, sheets, state
from cifar7.ui.strip import strip, who

st.set_page_config(page_title="cifar7", page_icon=sheets.ICON, layout="wide")
st.html(sheets.PAGE)
st.html(sheets.COMPONENTS)
address.begin()
shown = pages.shown(person.person().teacher)
page = st.navigation(
    [st.Page(p.file, title=p.title, icon=p.icon, url_path=p.path or None, default=not p.path) for p in shown],
    position="top",
)
navigation.bar(shown)
for notice in state.take_notices():
    st.toast(notice, icon=":material/info:", duration="long")
strip.strip()
who.draw()
page.run()
controls.end()
