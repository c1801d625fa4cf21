"""The style of the drawings, the card and the lessons; the page's own sheet is cifar7/ui/shell/style.py."""

SHEET = """<style>
/* The ways to take a chart or table away: there, and not in the way. */
[class*="st-key-take_"] button { min-height: 1.75rem; padding-block: 0; color: var(--c7-muted); }
[class*="st-key-take_"] button p { font-size: .85rem; }
.st-key-network_note, .st-key-growth_title { min-height: 1.75rem; }
.st-key-network_note { margin-top: .5rem; } .st-key-growth_title { margin-block: -.5rem -.75rem; }
.c7-note { color: var(--c7-muted); font-size: .8rem; line-height: 1.45; }
.c7-note summary { cursor: pointer; width: fit-content; }
.c7-title { font-weight: 650; }
/* The receptive field on a picture. */
.c7-looks { padding-bottom: 1rem; display: grid;
  grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .3rem 1rem; }
.c7-looks figure { margin: 0; min-width: 0; }
.c7-looks figcaption { font-size: .82rem; line-height: 1.4; color: var(--c7-muted); padding-top: .3rem; }
.c7-looks .frame { display: block; width: 100%; aspect-ratio: 1; border-radius: 6px;
  background: var(--c7-panel); border: 1px solid var(--c7-line); }
/* A picture that is opened, and Grad-CAM over it. */
.c7-picture { margin: 0; max-width: 260px; }
.c7-picture img { width: 100%; image-rendering: pixelated; border-radius: 6px; display: block; }
.c7-picture figcaption { font-size: .8rem; color: var(--c7-muted); padding-top: .25rem; }
/* The assignment card. */
.c7-verdicts { width: 100%; border-collapse: collapse; font-size: .9rem; line-height: 1.4;
  font-variant-numeric: tabular-nums; }
.c7-verdicts td, .c7-verdicts th { padding: .4rem .5rem; text-align: left; vertical-align: top; border: 0;
  border-top: 1px solid var(--c7-line); }
.c7-verdicts thead th { color: var(--c7-muted); font-weight: 500; font-size: .8rem; border-top: 0;
  padding-block: .1rem; }
.c7-verdicts th[scope=row] { font-weight: 500; }
.c7-verdicts .limit, .c7-verdicts .has { white-space: nowrap; }
.c7-verdicts small { display: block; color: var(--c7-muted); font-size: .8rem; white-space: normal; }
.c7-verdicts .advice { color: inherit; } .c7-verdicts .asked { display: none; }
.c7-mark { display: inline-flex; align-items: center; justify-content: center; width: 1.15em; height: 1.15em;
  border-radius: 50%; font-size: .78rem; font-weight: 700; line-height: 1; color: var(--c7-page); }
.c7-mark.yes { background: light-dark(#00664B, #35C79B); }
.c7-mark.no { background: light-dark(#B3261E, #FF8A80); border-radius: 3px; }
.c7-mark.open { background: transparent; color: var(--c7-muted);
  box-shadow: inset 0 0 0 1.5px var(--c7-muted); }
.c7-word { white-space: nowrap; }
.c7-word .c7-mark { margin-right: .35em; }
.c7-marks { display: inline-flex; gap: 2px; vertical-align: -.12em; }
/* Lessons. */
.c7-lesson { line-height: 1.5; } .c7-lesson .where { font-weight: 650; margin-right: .3em; }
[class*="st-key-lesson_"] > [data-testid="stElementContainer"]:first-child { flex: 1 1 14rem; width: auto; }
.c7-lesson summary { color: var(--c7-muted); font-size: .85rem; cursor: pointer; width: fit-content; }
.c7-lesson summary + div { font-size: .9rem; padding: .15rem 0 .1rem; }
/* The README as it will look, no larger than the page it stands on. */
.st-key-readme h1 { font-size: 1.6rem; } .st-key-readme h2 { font-size: 1.2rem; }
.st-key-readme table { font-size: .9rem; } .st-key-readme p, .st-key-readme li { font-size: .95rem; }
/* Tables of figures: a row is headed by its first cell. */
.c7-table tbody th[scope=row] { color: inherit; border-bottom: 0; }
.st-key-comparison { max-width: 56rem; }
/* Marks and differences in the layer table. */
.c7-table .mark { color: var(--c7-more); font-size: .78rem; white-space: nowrap; }
.c7-table .mark.nothing { color: var(--c7-muted); }
.c7-table .diff { color: var(--c7-muted); font-size: .78rem; margin-left: .35em; white-space: nowrap; }
.c7-table tr.removed td { color: var(--c7-muted); text-decoration: line-through; }
.c7-table tr.removed td .tag, .c7-table .tag { text-decoration: none; display: inline-block; }
.c7-table .tag { font-size: .74rem; border: 1px solid currentColor; border-radius: 3px; padding: 0 .3em;
  margin-left: .4em; color: var(--c7-muted); }
.c7-table .step { display: block; color: var(--c7-muted); font-size: .76rem; }
@media (max-width: 640px) {
  .c7-verdicts .limit { display: none; } .c7-verdicts .asked { display: block; }
  .c7-verdicts td, .c7-verdicts th { padding-inline: .3rem; }
}
</style>"""
