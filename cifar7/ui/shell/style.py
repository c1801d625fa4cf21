"""What the theme cannot express, as one style sheet.

Streamlit sets `color-scheme` on the app, so light-dark() follows the chosen theme. The backgrounds are those
of .streamlit/config.toml. A dialog is outside the app's element: `dialog` sets its theme.
"""

from __future__ import annotations


def dialog(theme: str) -> str:
    """The sheet of a dialog, "light" or "dark"."""
    return f'<style>[data-testid="stDialog"] {{ color-scheme: {theme}; }}</style>'


SHEET = """<style>
.stApp, [data-testid="stDialog"] {
  --c7-ink: light-dark(#1B2430, #E6EBF0);
  --c7-page: light-dark(#FFFFFF, #10161D);
  --c7-panel: light-dark(#F3F6F9, #1A222C);
  --c7-line: light-dark(#D9E0E7, #303B47);
  --c7-muted: light-dark(#5A6673, #9DA9B5);
  --c7-more: light-dark(#9C4A00, #F0A35E);
  --c7-less: light-dark(#005A94, #7FC4F0);
  --c7-bar: light-dark(#CFE3F1, #1D4560);
  --c7-beyond: light-dark(#F6DFC8, #5A3B1C);
  --c7-accent: light-dark(#0072B2, #56B4E9);
  --c7-wrong: light-dark(#B3261E, #FF8A80);
}
@media (min-width: 641px) {
  [data-testid="stMainBlockContainer"] { padding-left: 2rem; padding-right: 2rem; }
}
/* The strip stays under the page's header while the page scrolls. */
[data-testid="stLayoutWrapper"]:has(> .st-key-strip) {
  position: sticky; top: 3.75rem; z-index: 90; background: var(--c7-page);
  border-bottom: 1px solid var(--c7-line); padding: .35rem 0 .3rem;
}
.c7-strip { display: grid; gap: 0 1.25rem;
  grid-template-columns: minmax(8rem, 1.1fr) repeat(2, minmax(9.5rem, 1.2fr))
    minmax(7rem, .9fr) auto minmax(8rem, 1fr);
  font-variant-numeric: tabular-nums; line-height: 1.35; }
.c7-strip > div { min-width: 0; }
.c7-strip .label { color: var(--c7-muted); font-size: .78rem; white-space: nowrap; }
.c7-strip .value { font-size: 1.2rem; font-weight: 650; white-space: nowrap; }
.c7-strip .value small { font-size: .78rem; font-weight: 400; color: var(--c7-muted); }
.c7-strip .delta { font-size: .8rem; color: var(--c7-muted); white-space: nowrap; overflow: hidden;
  text-overflow: ellipsis; }
.c7-strip .name { font-size: 1.05rem; font-weight: 650; overflow: hidden; text-overflow: ellipsis; }
.c7-strip .place { text-align: right; }
.c7-strip .place .value { font-size: .95rem; }
.c7-more { color: var(--c7-more) !important; } .c7-less { color: var(--c7-less) !important; }
.c7-strip.same .figure .delta { visibility: hidden; }
.c7-strip.stale .figure { opacity: .45; }
.c7-strip abbr { text-decoration: none; cursor: help; }
.c7-wrong { color: var(--c7-wrong) !important; font-weight: 600; }
.c7-run { display: flex; gap: .75rem; align-items: center; font-size: .8rem; color: var(--c7-muted);
  font-variant-numeric: tabular-nums; }
.c7-run .track { flex: 1; height: 4px; border-radius: 2px; background: var(--c7-line); overflow: hidden; }
.c7-run .track div { height: 100%; background: var(--c7-accent); }
/* The side with the growth stays in view while the cards scroll. */
@media (min-width: 641px) and (min-height: 720px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-side) { position: sticky; top: 9.75rem;
    max-height: calc(100vh - 10.25rem); overflow-y: auto; scrollbar-width: thin; }
  .stApp:has(.c7-run) [data-testid="stLayoutWrapper"]:has(> .st-key-side) { top: 11.5rem;
    max-height: calc(100vh - 12rem); }
}
/* Titles of cards: what the stage is, and what it does to map and receptive field. */
.c7-card { display: flex; flex-wrap: wrap; gap: 0 .7rem; align-items: baseline; line-height: 1.5; }
.c7-card b { font-size: 1.05rem; } .c7-card .what { flex-basis: 100%; }
.c7-card .flow { margin-left: auto; color: var(--c7-muted); font-size: .85rem; white-space: nowrap;
  font-variant-numeric: tabular-nums; }
/* As high without the list of groups as with it. */
[class*="st-key-C"][class*="_kinds"] { min-height: 4.5rem; }
/* The last change, or what is wrong: as high with one line as with three, so that nothing jumps. */
.c7-said { min-height: 4.5rem; line-height: 1.5; }
.c7-said .muted { color: var(--c7-muted); }
/* Text in the drawing of the growth, which is made before the theme is known. */
[data-testid="stVegaLiteChart"] text[fill="#1B2430"] { fill: var(--c7-ink); }
/* The layer table. */
.c7-scroll { overflow-x: auto; }
.c7-table { border-collapse: collapse; width: 100%; font-size: .86rem; font-variant-numeric: tabular-nums;
  line-height: 1.35; }
.c7-table th, .c7-table td { padding: .28rem .55rem; text-align: right; white-space: nowrap; border: 0; }
.c7-table th { color: var(--c7-muted); font-weight: 500; border-bottom: 1px solid var(--c7-line); }
.c7-table .text { text-align: left; white-space: normal; } .c7-table td.text { min-width: 9.5rem; }
.c7-table .stage { text-align: left; font-weight: 650; vertical-align: top; color: inherit; border: 0; }
.c7-table tr.first > * { border-top: 1px solid var(--c7-line); }
.c7-table small { color: var(--c7-muted); font-size: .8rem; }
.c7-table .field { background: linear-gradient(to right, var(--c7-bar) var(--part), transparent var(--part));
  border-radius: 3px; min-width: 6.5rem; }
.c7-table .beyond {
  background: linear-gradient(to right, var(--c7-beyond) var(--part), transparent var(--part)); }
.c7-table tfoot td, .c7-table tfoot th { border-top: 2px solid var(--c7-line); border-bottom: 0;
  font-weight: 650; color: inherit; }
.c7-table tfoot .words { font-weight: 400; color: var(--c7-muted); }
@media (max-width: 640px) {
  .c7-strip { grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 0 .6rem; }
  .c7-strip .title, .c7-strip .place { grid-row: 1; display: flex; gap: .4rem; align-items: baseline;
    white-space: nowrap; }
  .c7-strip .place { grid-column: 2 / -1; justify-content: end; }
  .c7-strip.stale .title { grid-column: 1 / -1; }
  .c7-strip .place .label, .c7-strip:not(.stale) .title .delta, .c7-strip.stale .place { display: none; }
  .c7-strip .place .value { font-size: .8rem; font-weight: 400; }
  .c7-strip .marks { grid-column: 1 / -1; display: flex; gap: .5rem; align-items: center; }
  .c7-strip .marks .value { font-size: .95rem; }
  .c7-strip .value { font-size: 1rem; } .c7-strip .share { display: none; }
}
</style>"""
