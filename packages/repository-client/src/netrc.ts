import { Secret } from '@mirror/core'
import { readError } from './failure.ts'

/** One entry of a `.netrc` file. */
export interface NetrcEntry {
  /** The host; undefined for the `default` entry. */
  readonly machine: string | undefined
  readonly login: string
  readonly password: Secret
}

/**
 * Reads a `.netrc` file (`machine`, `default`, `login`, `password`, `account`, `macdef`; `#` comments; double quotes as curl has them). Entries without a login or password are left
 * out. Throws `NETRC_INVALID` for anything else, naming the line and nothing of its content.
 */
export function parseNetrc(text: string): readonly NetrcEntry[] {
  const tokens = readTokens(text)
  const entries: OpenEntry[] = []
  for (let index = 0; index < tokens.length; index += 1) {
    const { word = '', line = 0 } = tokens[index] ?? {}
    if (word === 'default') {
      entries.push({ machine: undefined })
      continue
    }
    index += 1
    readPair({ word, line, value: tokens[index]?.word }, entries)
  }
  return entries.flatMap(({ machine, login, password }) => (login === undefined || password === undefined ? [] : [{ machine, login, password: new Secret(password) }]))
}

interface OpenEntry {
  readonly machine: string | undefined
  login?: string
  password?: string
}

function readPair({ word, line, value }: { readonly word: string; readonly line: number; readonly value: string | undefined }, entries: OpenEntry[]): void {
  if (value === undefined) throw invalid(line, 'it ends where a value was expected')
  if (word === 'machine') {
    entries.push({ machine: value.toLowerCase() })
    return
  }
  const open = entries.at(-1)
  if (open === undefined) throw invalid(line, 'a machine was expected')
  if (word === 'login') open.login = value
  else if (word === 'password') open.password = value
  else if (word !== 'account') throw invalid(line, 'an unknown word stands where machine, login or password was expected')
}

interface Token {
  readonly word: string
  readonly line: number
}

function readTokens(text: string): readonly Token[] {
  const tokens: Token[] = []
  let inMacro = false
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    if (inMacro) inMacro = content.trim() !== ''
    else inMacro = readLine(content, index + 1, tokens)
  }
  return tokens
}

/** True when a macro begins in the line: it goes on to the next empty one. */
function readLine(content: string, line: number, tokens: Token[]): boolean {
  for (const [, quoted, plain = ''] of content.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)) {
    const isComment = plain.startsWith('#') && tokens.at(-1)?.word !== 'password'
    if (isComment) return false
    if (plain === 'macdef') return true
    tokens.push({ word: quoted?.replace(/\\(.)/g, '$1') ?? plain, line })
  }
  return false
}

function invalid(line: number, what: string): Error {
  return readError('NETRC_INVALID', `Cannot read the .netrc file: line ${line}: ${what}`, { hint: 'Write entries as: machine HOST login NAME password WORD', details: { line } })
}
