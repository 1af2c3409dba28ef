/** Where something is chosen, and forms that send a file. */
export const TAKE_AWAY_STYLE = `
.choices { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
.choices .card { justify-content: space-between; }
.choices .card > p:last-child { margin-top: auto; }
.upload { display: flex; flex-wrap: wrap; gap: .6rem; align-items: center; }
.upload label { width: 100%; font-weight: 600; }
/* What only readers of a screen get stays within the frame that scrolls. */
.scroll { position: relative; }
.choices > * { min-width: 0; }
input[type=file] { flex: 1 1 12rem; width: 100%; min-width: 0; max-width: 100%; padding: .3rem; border: 1px solid var(--strong-line); border-radius: var(--radius); background: var(--page); }
input[type=file]::file-selector-button { font: inherit; margin-right: .75rem; padding: .25rem .7rem; border: 1px solid var(--strong-line); border-radius: .35rem; background: var(--card); color: var(--accent); cursor: pointer; }
.below { margin-top: .75rem; }
.actions.first { margin-top: 0; }
.seal { overflow-wrap: anywhere; }
.code + .below { max-width: 46rem; }
.below + .code { margin-top: .75rem; }
`
