/** What the other side has. */
export type TakeAwayBase =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'generation'; readonly number: number }
  /** An uploaded reference, by its name here. */
  | { readonly kind: 'reference'; readonly id: string }

/** A delta that can be taken away: from what the other side has to a generation. */
export interface TakeAwayName {
  readonly base: TakeAwayBase
  readonly target: number
}

const NUMBER = '[1-9]\\d{0,9}'
const ID = '[A-Za-z0-9_-]{22}'
const NAME = new RegExp(`^(?:all|since-(?<since>${NUMBER})|reference-(?<id>${ID}))-to-(?<target>${NUMBER})\\.tar$`)
const BASE = new RegExp(`^(?:nothing|(?<since>${NUMBER}))$`)

/** The name of its file: `all-to-7.tar`, `since-3-to-7.tar`, `reference-<id>-to-7.tar`. */
export function formatTakeAwayName({ base, target }: TakeAwayName): string {
  const from = base.kind === 'nothing' ? 'all' : base.kind === 'generation' ? `since-${base.number}` : `reference-${base.id}`
  return `${from}-to-${target}.tar`
}

/** Undefined for what is no such name. */
export function parseTakeAwayName(name: string): TakeAwayName | undefined {
  const { since, id, target } = NAME.exec(name)?.groups ?? {}
  if (target === undefined) return undefined
  return { target: Number(target), base: since !== undefined ? { kind: 'generation', number: Number(since) } : id === undefined ? { kind: 'nothing' } : { kind: 'reference', id } }
}

/** What `?since=` or `?reference=` of an address means; undefined where it has neither, or what is none. */
export function readBase(query: URLSearchParams): TakeAwayBase | undefined {
  const [since, id] = [query.get('since'), query.get('reference')]
  if (id !== null) return new RegExp(`^${ID}$`).test(id) ? { kind: 'reference', id } : undefined
  const found = BASE.exec(since ?? '')
  const number = found?.groups?.['since']
  return found === null ? undefined : number === undefined ? { kind: 'nothing' } : { kind: 'generation', number: Number(number) }
}

/** The query that `readBase` reads. */
export function formatBase(base: TakeAwayBase): string {
  if (base.kind === 'reference') return `?reference=${base.id}`
  return `?since=${base.kind === 'nothing' ? 'nothing' : base.number}`
}
