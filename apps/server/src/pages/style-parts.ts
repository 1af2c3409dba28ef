/** What pages are made of: figures, tables, forms, notes, bars. */
export const PARTS_STYLE = `
.head { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: .3rem 1.25rem; margin-bottom: .75rem; }
.head p { color: var(--soft); font-size: .925rem; }
input, select, button, textarea { font: inherit; color: inherit; }
input[type=search], input[type=text], select { width: 100%; min-height: 2.5rem; padding: .4rem .75rem; border: 1px solid var(--strong-line); border-radius: var(--radius); background: var(--page); }
input::placeholder { color: var(--soft); opacity: 1; }
button, .button { display: inline-flex; align-items: center; justify-content: center; min-height: 2.5rem; padding: .4rem 1rem; border: 1px solid var(--accent); border-radius: var(--radius); background: var(--accent); color: var(--accent-text); font-weight: 600; text-decoration: none; cursor: pointer; }
button:hover, .button:hover { filter: brightness(1.08); }
.button.quiet, button.quiet { background: transparent; color: var(--accent); border-color: var(--strong-line); }
.search { display: flex; gap: .5rem; }
.search input { flex: 1; min-width: 0; }
.search.large { max-width: 40rem; margin-top: 1.25rem; }
.search.large input { font-size: 1.1rem; min-height: 3rem; background: var(--card); }
.stats { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: 1px; margin: 1.5rem 0 0; border: 1px solid var(--line); border-radius: var(--radius); background: var(--line); overflow: hidden; }
.stats > div { display: flex; flex-direction: column; padding: .8rem 1rem .9rem; background: var(--card); }
.stats dt { color: var(--soft); font-size: .875rem; }
.stats dd { margin: .1rem 0 0; font-size: 1.35rem; font-weight: 600; line-height: 1.25; letter-spacing: -.015em; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: var(--radius); background: var(--card); }
.scroll:focus-visible { outline-offset: 2px; border-radius: var(--radius); }
table { width: 100%; border-collapse: collapse; font-size: .95rem; }
caption { text-align: left; }
th, td { padding: .55rem 1rem; text-align: left; vertical-align: baseline; border-top: 1px solid var(--line); }
thead th { border-top: 0; color: var(--soft); font-size: .85rem; font-weight: 600; white-space: nowrap; background: var(--sunk); }
tbody th { font-weight: 600; overflow-wrap: anywhere; min-width: 9rem; }
tbody tr:hover > * { background: var(--sunk); }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.file { font-family: var(--mono); font-size: .875rem; font-weight: 500; overflow-wrap: anywhere; min-width: 14rem; }
.nowrap { white-space: nowrap; }
.barcell { width: 30%; min-width: 7rem; vertical-align: middle; }
.bar { display: block; width: 100%; height: .55rem; border-radius: .28rem; background: var(--sunk); fill: var(--accent); }
.cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); }
.card { position: relative; display: flex; flex-direction: column; gap: .75rem; padding: 1.1rem 1.2rem 1.2rem; border: 1px solid var(--line); border-radius: var(--radius); background: var(--card); }
.card:hover { border-color: var(--strong-line); }
.card h2 a { color: var(--text); text-decoration: none; }
.card h2 a::after { content: ""; position: absolute; inset: 0; border-radius: var(--radius); }
.card h2 a:focus-visible { outline: none; }
.card h2 a:focus-visible::after { outline: 3px solid var(--accent); outline-offset: 2px; }
.card .head { margin: 0; align-items: center; }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .3rem 1.25rem; margin: 0; }
.facts dt { color: var(--soft); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.facts.small { font-size: .925rem; }
.facts code { overflow-wrap: anywhere; }
@media (max-width: 34rem) { .facts.wide { grid-template-columns: 1fr; gap: 0; } .facts.wide dd { margin-bottom: .7rem; } }
.columns { display: grid; gap: 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 22rem), 1fr)); }
.tags { display: flex; flex-wrap: wrap; gap: .35rem; }
.tag { padding: .08rem .55rem; border-radius: 1rem; background: var(--sunk); border: 1px solid var(--line); font-size: .85rem; overflow-wrap: anywhere; }
.tag.good { background: var(--accent-soft); color: var(--accent); border-color: transparent; }
.tag.warn { background: var(--warn-soft); color: var(--warn); border-color: transparent; }
.tag.bad { background: var(--bad-soft); color: var(--bad); border-color: transparent; }
a.tag { color: inherit; text-decoration: none; position: relative; }
a.tag:hover { border-color: var(--strong-line); }
.list { display: flex; flex-direction: column; gap: .25rem; }
.list code { overflow-wrap: anywhere; }
.note { padding: .8rem 1rem; border-left: 4px solid var(--accent); border-radius: 0 var(--radius) var(--radius) 0; background: var(--accent-soft); }
.note.warn { border-color: var(--warn); background: var(--warn-soft); }
.note.bad { border-color: var(--bad); background: var(--bad-soft); }
.empty { padding: 2.5rem 1.5rem; border: 1px dashed var(--strong-line); border-radius: var(--radius); text-align: center; }
.empty p { margin: .5rem auto 0; color: var(--soft); }
.empty .button { margin-top: 1.1rem; }
.pager { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .75rem; margin-top: 1rem; color: var(--soft); }
.pager ul { display: flex; gap: .5rem; }
.actions { display: flex; flex-wrap: wrap; gap: .6rem; margin-top: 1.25rem; }
.code { position: relative; }
.code pre { margin: 0; padding: 1rem; overflow-x: auto; border: 1px solid var(--line); border-radius: var(--radius); background: var(--sunk); font-size: .875rem; line-height: 1.55; tab-size: 2; }
.copy { position: absolute; top: .5rem; right: .5rem; min-height: 2rem; padding: .15rem .7rem; font-size: .85rem; background: var(--card); color: var(--accent); border-color: var(--strong-line); }
details summary { cursor: pointer; padding: .3rem 0; }
mark { background: var(--accent-soft); color: inherit; border-radius: 2px; }
@media (max-width: 46rem) { .more { display: none; } th, td { padding: .5rem .75rem; } .top form { max-width: none; } .stats { grid-template-columns: 1fr 1fr; } .stats > div:last-child:nth-child(odd) { grid-column: 1 / -1; } }
`
