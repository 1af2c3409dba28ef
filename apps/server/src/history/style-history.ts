/** Charts, and lists of names. */
export const HISTORY_STYLE = `
.charts { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr)); }
.chart { margin: 0; padding: 1rem 1.1rem .6rem; border: 1px solid var(--line); border-radius: var(--radius); background: var(--card); min-width: 0; }
.chart figcaption { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; margin-bottom: .7rem; }
.chart figcaption p { color: var(--soft); font-variant-numeric: tabular-nums; white-space: nowrap; }
.plot { display: grid; grid-template-columns: auto minmax(0, 1fr); gap: .35rem .6rem; font-size: .8rem; color: var(--soft); font-variant-numeric: tabular-nums; }
.plot .scale { display: flex; flex-direction: column; justify-content: space-between; text-align: right; white-space: nowrap; line-height: 1; }
.plot svg { display: block; width: 100%; height: 9rem; overflow: visible; }
.plot .dates { grid-column: 2; display: flex; justify-content: space-between; }
.plot path { vector-effect: non-scaling-stroke; }
.grid { fill: none; stroke: var(--line); stroke-width: 1; }
.area { fill: var(--accent); opacity: .14; stroke: none; }
.line { fill: none; stroke: var(--accent); stroke-width: 2; stroke-linejoin: round; }
.column { fill: var(--accent); }
.column:hover { opacity: .7; }
.chart details { margin-top: .5rem; font-size: .9rem; color: var(--soft); }
.chart details .scroll { max-height: 16rem; overflow-y: auto; margin-bottom: .6rem; color: var(--text); }
.why { margin-top: .2rem; font-size: .875rem; color: var(--soft); max-width: 30rem; overflow-wrap: anywhere; }
.names { display: flex; flex-direction: column; gap: 1.1rem; }
.names h3 { margin-bottom: .35rem; color: var(--soft); font-weight: 600; }
.names ul { columns: 22rem; column-gap: 2rem; font-family: var(--mono); font-size: .875rem; }
.names li { padding: .14rem 0; break-inside: avoid; overflow-wrap: anywhere; }
.rest { margin-top: .75rem; }
@media print { .names ul { columns: 2; } .chart details { display: none; } }
`
