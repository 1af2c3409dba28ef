/** Colours, type and the frame of a page. Contrast is at least 4.5 : 1 for text, in both schemes. */
export const BASE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #fbfbf9; --card: #ffffff; --sunk: #f2f2ee; --text: #191b1c; --soft: #585e63; --line: #dfdfda; --strong-line: #8a9096;
  --accent: #0a6650; --accent-text: #ffffff; --accent-soft: #e3f1ec; --warn: #7a4b00; --warn-soft: #fdf1d8; --bad: #a3241b; --bad-soft: #fbe7e4;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace;
  --radius: .5rem; --space: 1rem;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #111314; --card: #191c1e; --sunk: #202427; --text: #e9e9e6; --soft: #a4abb0; --line: #2f3437; --strong-line: #727a80;
    --accent: #67d3ac; --accent-text: #08251c; --accent-soft: #17312a; --warn: #f0c274; --warn-soft: #33270f; --bad: #ff9d92; --bad-soft: #3a1b18;
  }
}
*, *::before, *::after { box-sizing: border-box; }
html { font: 100%/1.5 var(--sans); -webkit-text-size-adjust: 100%; text-size-adjust: 100%; scroll-padding-top: 1rem; }
body { margin: 0; min-height: 100vh; display: flex; flex-direction: column; background: var(--page); color: var(--text); overflow-wrap: break-word; }
h1, h2, h3 { line-height: 1.2; text-wrap: balance; margin: 0; font-weight: 650; letter-spacing: -.011em; overflow-wrap: anywhere; }
h1 { font-size: clamp(1.5rem, 1.1rem + 1.8vw, 2.1rem); letter-spacing: -.022em; }
h2 { font-size: 1.2rem; }
h3 { font-size: 1rem; }
p { margin: 0; max-width: 42rem; }
ul, ol { margin: 0; padding: 0; list-style: none; }
a { color: var(--accent); text-decoration-thickness: .06em; text-underline-offset: .18em; }
a:hover { text-decoration-thickness: .13em; }
code, pre, kbd, samp { font-family: var(--mono); font-size: .9em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
time[title], data[title] { text-decoration: none; }
.hidden { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: -100rem; top: .5rem; z-index: 1; padding: .5rem 1rem; background: var(--accent); color: var(--accent-text); border-radius: var(--radius); }
.skip:focus { left: .5rem; }
.soft { color: var(--soft); }
.none { color: var(--soft); font-style: italic; }
.frame { width: 100%; max-width: 74rem; margin: 0 auto; padding: 0 clamp(1rem, 4vw, 2rem); }
.top { border-bottom: 1px solid var(--line); background: var(--card); }
.top .frame { display: flex; flex-wrap: wrap; align-items: center; gap: .6rem 1.5rem; padding-block: .75rem; }
.brand { display: inline-flex; align-items: center; gap: .55rem; color: var(--text); font-weight: 650; letter-spacing: -.011em; text-decoration: none; min-height: 2.5rem; }
.brand svg { width: 1.35rem; height: 1.35rem; fill: var(--accent); }
.top form { flex: 1 1 16rem; max-width: 28rem; margin-left: auto; }
.crumbs { padding-top: 1.25rem; font-size: .9rem; }
.crumbs ol { display: flex; flex-wrap: wrap; gap: .1rem .5rem; color: var(--soft); }
.crumbs li + li::before { content: "/"; margin-right: .5rem; color: var(--strong-line); }
.crumbs [aria-current] { color: var(--text); overflow-wrap: anywhere; }
.crumbs + .title { padding-top: .35rem; }
.title { display: flex; flex-wrap: wrap; align-items: baseline; gap: .4rem 1rem; padding-top: 1.75rem; }
.lead { margin-top: .5rem; color: var(--soft); font-size: 1.05rem; }
.tabs { margin-top: 1.1rem; border-bottom: 1px solid var(--line); }
.tabs ul { display: flex; gap: .25rem; overflow-x: auto; scrollbar-width: thin; }
.tabs a { display: block; padding: .6rem .8rem; color: var(--soft); text-decoration: none; white-space: nowrap; border-bottom: 3px solid transparent; outline-offset: -3px; }
.tabs a:hover { color: var(--text); }
.tabs [aria-current] { color: var(--text); font-weight: 600; border-bottom-color: var(--accent); }
main { flex: 1; padding-bottom: 3rem; }
main > section, main > .block, main > .note { margin-top: 2rem; }
.foot { border-top: 1px solid var(--line); color: var(--soft); font-size: .875rem; }
.foot .frame { display: flex; flex-wrap: wrap; gap: .35rem 1.5rem; padding-block: 1.25rem; }
@media print {
  :root { --page: #fff; --card: #fff; --sunk: #fff; --text: #000; --soft: #333; --line: #999; --accent: #000; --accent-soft: #fff; }
  .top, .tabs, .crumbs, .foot, .skip, form, .pager, .copy { display: none !important; }
  .frame { max-width: none; padding: 0; }
  .scroll { overflow: visible !important; border: 0 !important; }
  a { color: inherit; text-decoration: none; }
  tr, .card { break-inside: avoid; }
}
@media (prefers-reduced-motion: no-preference) { a, button, input { transition: border-color .12s, background-color .12s, color .12s; } }
`
