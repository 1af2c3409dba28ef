import { createHash } from 'node:crypto'
import { HISTORY_STYLE } from '../history/style-history.ts'
import { TAKE_AWAY_STYLE } from '../take-away/style-take-away.ts'
import { SCRIPT } from './script.ts'
import { BASE_STYLE } from './style-base.ts'
import { PARTS_STYLE } from './style-parts.ts'

/** A file that belongs to the pages. */
export interface Asset {
  readonly type: string
  readonly body: Buffer
  /** A short digest of the body: it stands in the address, so that an address never has two bodies. */
  readonly version: string
}

const create = (type: string, text: string): Asset => ({ type, body: Buffer.from(text), version: createHash('sha256').update(text).digest('base64url').slice(0, 12) })

/** The files of the pages, by their names below `/-/`. */
export const ASSETS: Readonly<Record<'style.css' | 'script.js', Asset>> = {
  'style.css': create('text/css; charset=utf-8', `${BASE_STYLE.trim()}\n${PARTS_STYLE.trim()}\n${HISTORY_STYLE.trim()}\n${TAKE_AWAY_STYLE.trim()}\n`),
  'script.js': create('text/javascript; charset=utf-8', SCRIPT),
}

/** Where a file of the pages is, from the root of the site. */
export function linkAsset(name: keyof typeof ASSETS): string {
  return `-/${name}?v=${ASSETS[name].version}`
}
