import streamlit as st

from cifar7.ui import page_lock
from cifar7.ui.shell import address, controls, navigation, pages, person, sheets, state
from cifar7.ui.strip import strip, who
from cifar7.ui.tutorial import panel
from cifar7.ui.words import run_list

with page_lock.lock.held():
    st.set_page_config(page_title="cifar7", page_icon=sheets.ICON, layout="wide")
    st.html(sheets.PAGE)
    st.html(sheets.COMPONENTS)
    st.html(sheets.LESSON)
    address.begin()
    shown = pages.shown(person.person().teacher)
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
            for p in shown
        ],
        position="top",
    )
    for notice in state.take_notices():
        st.toast(notice, icon=":material/info:", duration="long")
    if page.url_path not in pages.BARE:
        navigation.bar([p for p in shown if not p.bare])
        strip.strip(page.url_path)
        who.draw()
    if page.url_path in pages.LEARNING:
        panel.draw()
    page.run()
    run_list.read_ahead()
    controls.end()
