import { html, type Html } from './html.ts'

/** A text that others wrote: whichever direction it turns, what follows stays as it is. */
export function textOf(text: string): Html {
  return html`<bdi>${text}</bdi>`
}
