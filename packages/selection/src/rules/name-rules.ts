import type { Selection } from '../selection.ts'
import { codeOf, NOBODY } from './rule-codes.ts'

/** What the rules about names say of a name. */
export interface NameVerdict {
  /** The rule that decided, or `NOBODY`. */
  readonly code: number
  readonly isOut: boolean
  /** The whitelist has it: no licence leaves it out. */
  readonly isWhitelisted: boolean
}

/** `pkg_list`, `blacklist` and `whitelist`. */
export interface NameRules {
  readonly decide: (name: string) => NameVerdict
  /** What no name was equal to. */
  readonly notes: () => readonly string[]
}

const PKG_LIST = codeOf('pkg_list')
const BLACKLIST = codeOf('blacklist')
const WHITELIST = codeOf('whitelist')
const SHOWN = 10

const NOT_LISTED: NameVerdict = { code: PKG_LIST, isOut: true, isWhitelisted: false }
const BLACKLISTED: NameVerdict = { code: BLACKLIST, isOut: true, isWhitelisted: false }
const ADDED_BACK: NameVerdict = { code: WHITELIST, isOut: false, isWhitelisted: true }
const WHITELISTED: NameVerdict = { code: NOBODY, isOut: false, isWhitelisted: true }
const UNTOUCHED: NameVerdict = { code: NOBODY, isOut: false, isWhitelisted: false }

/** Creates the rules; names are equal without regard to case. */
export function createNameRules({ packages, blacklist, whitelist }: Selection): NameRules {
  const listed = createNameList(packages)
  const black = createNameList(blacklist)
  const white = createNameList(whitelist)

  return {
    decide(name) {
      const lower = name.toLowerCase()
      const isWhite = white?.has(lower) === true
      const isBlack = black?.has(lower) === true
      if (listed?.has(lower) === false) return NOT_LISTED
      if (isBlack) return isWhite ? ADDED_BACK : BLACKLISTED
      return isWhite ? WHITELISTED : UNTOUCHED
    },
    notes: () => [...noteMissing('pkg_list', listed), ...noteMissing('blacklist', black), ...noteMissing('whitelist', white)],
  }
}

interface NameList {
  readonly has: (lower: string) => boolean
  readonly missing: () => readonly string[]
}

/** An empty list is none. */
function createNameList(names: readonly string[] | undefined): NameList | undefined {
  if (names === undefined || names.length === 0) return undefined
  const missing = new Map(names.map((name) => [name.toLowerCase(), name]))
  const all = new Set(missing.keys())
  return {
    has(lower) {
      missing.delete(lower)
      return all.has(lower)
    },
    missing: () => [...missing.values()],
  }
}

function noteMissing(rule: string, list: NameList | undefined): readonly string[] {
  const names = list?.missing() ?? []
  if (names.length === 0) return []
  const rest = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''
  return [`${rule}: nothing is named ${names.slice(0, SHOWN).map((name) => JSON.stringify(name)).join(', ')}${rest}`]
}
