import { readFile } from 'node:fs/promises'
import { MirrorError } from '@mirror/core'
import type { ServerErrorCode } from '../error-codes.ts'
import type { AccessOptions, AccessRule } from './access-options.ts'
import { type ChannelPattern, parseChannelPattern } from './channel-pattern.ts'
import { parseHtpasswd, type UserEntry } from './htpasswd.ts'
import { parseTokenFile, type TokenEntry } from './token-file.ts'

/** A rule, ready to be asked. */
export interface LoadedRule extends ChannelPattern {
  readonly isPublic: boolean
  /** Files whose tokens and users it lets in. */
  readonly files: ReadonlySet<string>
  readonly users: ReadonlySet<string> | undefined
}

/** A token or a user, and the file that has it. */
export type InFile<Entry> = Entry & { readonly file: string }

/** Who may read what, with everything that stands in the files. */
export interface LoadedAccess {
  readonly rules: readonly LoadedRule[]
  readonly tokens: readonly InFile<TokenEntry>[]
  readonly users: readonly InFile<UserEntry>[]
}

/** Reads the files of all rules. Throws `ACCESS_INVALID`. */
export async function loadAccess({ rules }: AccessOptions): Promise<LoadedAccess> {
  const tokens = await readAll(rules.flatMap((rule) => rule.tokens), parseTokenFile)
  const users = await readAll(rules.flatMap((rule) => rule.htpasswd), parseHtpasswd)
  return { rules: rules.map(loadRule), tokens, users }
}

/** The files that `loadAccess` reads. */
export function listAccessFiles({ rules }: AccessOptions): readonly string[] {
  return [...new Set(rules.flatMap(({ tokens, htpasswd }) => [...tokens, ...htpasswd]))]
}

function loadRule({ channels, isPublic, tokens, htpasswd, users }: AccessRule): LoadedRule {
  const patterns = channels.map(readPattern)
  return {
    covers: (segments) => patterns.some(({ covers }) => covers(segments)),
    isPublic,
    files: new Set([...tokens, ...htpasswd]),
    users: users === undefined ? undefined : new Set(users),
  }
}

function readPattern(text: string): ChannelPattern {
  const pattern = parseChannelPattern(text)
  if (pattern === undefined) throw new MirrorError<ServerErrorCode>('ACCESS_INVALID', `Cannot use a rule of access: ${JSON.stringify(text)} cannot be the folder of a channel`)
  return pattern
}

async function readAll<Entry extends object>(paths: readonly string[], parse: (text: string, path: string) => readonly Entry[]): Promise<readonly InFile<Entry>[]> {
  const entries: InFile<Entry>[] = []
  // One after the other, so that the same fault is told each time.
  for (const file of new Set(paths)) for (const entry of parse(await readText(file), file)) entries.push({ ...entry, file })
  return entries
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const reason = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
    throw new MirrorError<ServerErrorCode>('ACCESS_INVALID', `Cannot read who may have access, ${JSON.stringify(path)}: ${reason}`, { hint: 'The user that the server runs as must be able to read it.', cause })
  }
}
