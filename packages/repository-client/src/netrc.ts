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
  const entries: NetrcEntry[] = []
  const tokens = readTokens(text)
  let open: { machine: string | undefined; login?: string; password?: string } | undefined

  function close(): void {
    if (open?.login !== undefined && open.password !== undefined) entries.push({ machine: open.machine, login: open.login, password: new Secret(open.password) })
    open = undefined
  }

  for (let index = 0; index < tokens.length; index += 1) {
    const { word, line } = tokens[index] ?? { word: '', line: 0 }
    if (word === 'default') {
      close()
      open = { machine: undefined }
      continue
    }
    index += 1
    const value = tokens[index]?.word
    if (value === undefined) throw invalid(line, 'it ends where a value was expected')
    if (word === 'machine') {
      close()
      open = { machine: value.toLowerCase() }
    } else if (open === undefined) throw invalid(line, 'a machine was expected')
    else if (word === 'login') open.login = value
    else if (word === 'password') open.password = value
    else if (word !== 'account') throw invalid(line, 'an unknown word stands where machine, login or password was expected')
  }
  close()
  return entries
}

interface Token {
  readonly word: string
  readonly line: number
}

function readTokens(text: string): readonly Token[] {
  const tokens: Token[] = []
  let inMacro = false
  for (const [index, content] of text.split(/\r?\n/).entries()) {
    if (inMacro) {
      inMacro = content.trim() !== ''
      continue
    }
    for (const found of content.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)) {
      const word = found[1]?.replace(/\\(.)/g, '$1') ?? found[2] ?? ''
      if (found[1] === undefined && word.startsWith('#') && tokens.at(-1)?.word !== 'password') break
      if (word === 'macdef') {
        inMacro = true
        break
      }
      tokens.push({ word, line: index + 1 })
    }
  }
  return tokens
}

function invalid(line: number, what: string): Error {
  return readError('NETRC_INVALID', `Cannot read the .netrc file: line ${line}: ${what}`, { hint: 'Write entries as: machine HOST login NAME password WORD', details: { line } })
}
