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
  /** False where there is no list. */
  readonly areThere: boolean
  readonly decide: (name: string) => NameVerdict
  /** Whether a name of a list, in lower case, was equal to none so far. */
  readonly isMissing: (list: NameListRule, lower: string) => boolean
}

/** The rules that are a list of names. */
export type NameListRule = 'pkg_list' | 'blacklist' | 'whitelist'

const PKG_LIST = codeOf('pkg_list')
const BLACKLIST = codeOf('blacklist')
const WHITELIST = codeOf('whitelist')
const SHOWN = 10

const NOT_LISTED: NameVerdict = { code: PKG_LIST, isOut: true, isWhitelisted: false }
const BLACKLISTED: NameVerdict = { code: BLACKLIST, isOut: true, isWhitelisted: false }
const ADDED_BACK: NameVerdict = { code: WHITELIST, isOut: false, isWhitelisted: true }
const WHITELISTED: NameVerdict = { code: NOBODY, isOut: false, isWhitelisted: true }

/** No list has anything to say. */
export const UNTOUCHED: NameVerdict = { code: NOBODY, isOut: false, isWhitelisted: false }

/** Creates the rules; names are equal without regard to case. */
export function createNameRules({ packages, blacklist, whitelist }: Selection): NameRules {
  const listed = createNameList(packages)
  const black = createNameList(blacklist)
  const white = createNameList(whitelist)

  return {
    areThere: listed !== undefined || black !== undefined || white !== undefined,
    decide(name) {
      const lower = name.toLowerCase()
      const isWhite = white?.has(lower) === true
      const isBlack = black?.has(lower) === true
      if (listed?.has(lower) === false) return NOT_LISTED
      if (isBlack) return isWhite ? ADDED_BACK : BLACKLISTED
      return isWhite ? WHITELISTED : UNTOUCHED
    },
    isMissing: (list, lower) => ({ pkg_list: listed, blacklist: black, whitelist: white })[list]?.isMissing(lower) ?? true,
  }
}

interface NameList {
  readonly has: (lower: string) => boolean
  readonly isMissing: (lower: string) => boolean
}

/** An empty list is none. */
function createNameList(names: readonly string[] | undefined): NameList | undefined {
  if (names === undefined || names.length === 0) return undefined
  const all = new Set(names.map((name) => name.toLowerCase()))
  const missing = new Set(all)
  return {
    has(lower) {
      missing.delete(lower)
      return all.has(lower)
    },
    isMissing: (lower) => missing.has(lower),
  }
}

/** Says for each list which of its names none of the rules has met. */
export function noteMissingNames({ packages = [], blacklist = [], whitelist = [] }: Selection, all: readonly NameRules[]): readonly string[] {
  const lists = [['pkg_list', packages], ['blacklist', blacklist], ['whitelist', whitelist]] as const
  return lists.flatMap(([list, given]) => {
    const byLower = new Map(given.map((name) => [name.toLowerCase(), name]))
    const names = [...byLower].filter(([lower]) => all.every((rules) => rules.isMissing(list, lower))).map(([, name]) => name)
    if (names.length === 0) return []
    const rest = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : ''
    return [`${list}: nothing is named ${names.slice(0, SHOWN).map((name) => JSON.stringify(name)).join(', ')}${rest}`]
  })
}
