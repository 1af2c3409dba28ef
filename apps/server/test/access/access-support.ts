import { compareSync, hashSync } from 'bcryptjs'
import { type Access, type AccessCall, createAccess, type Decision } from '../../src/access/access.ts'
import { parseHtpasswd } from '../../src/access/htpasswd.ts'
import type { LoadedAccess, LoadedRule } from '../../src/access/load-access.ts'
import { parseChannelPattern } from '../../src/access/channel-pattern.ts'
import { parseTokenFile } from '../../src/access/token-file.ts'
import type { ServerEvent } from '../../src/events.ts'
import { parseRequestPath } from '../../src/request-path.ts'

/** A password as it is kept, at the least cost. */
export function keep(password: string): string {
  return hashSync(password, 4)
}

/** The value of an `Authorization` header. */
export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

interface RuleText {
  readonly channels: readonly string[]
  readonly isPublic?: boolean
  readonly files?: readonly string[]
  readonly users?: readonly string[]
}

/** Rules and files, as if they had been read. */
export interface AccessText {
  readonly rules: readonly RuleText[]
  /** By their paths. */
  readonly tokens?: Readonly<Record<string, string>>
  readonly htpasswd?: Readonly<Record<string, string>>
}

function load({ rules, tokens = {}, htpasswd = {} }: AccessText): LoadedAccess {
  return {
    rules: rules.map(({ channels, isPublic = false, files = [], users }): LoadedRule => ({
      covers: (segments) => channels.some((channel) => parseChannelPattern(channel)?.covers(segments) === true),
      isPublic, files: new Set(files), users: users === undefined ? undefined : new Set(users),
    })),
    tokens: Object.entries(tokens).flatMap(([file, text]) => parseTokenFile(text, file).map((entry) => ({ ...entry, file }))),
    users: Object.entries(htpasswd).flatMap(([file, text]) => parseHtpasswd(text, file).map((entry) => ({ ...entry, file }))),
  }
}

/** Access under test, which tells what it was asked to compare. */
export interface AccessWorld {
  readonly access: Access
  readonly compared: readonly (readonly [string, string])[]
  readonly events: readonly ServerEvent[]
  readonly clock: { now: number }
  /** Asks for a path. */
  readonly ask: (path: string, more?: { readonly authorization?: string; readonly address?: string }) => Promise<Decision>
  readonly renew: (text: AccessText | undefined) => void
}

/** Creates access over rules and files, with a clock of its own and a comparison that is told. */
export function createAccessWorld(text: AccessText, { check }: { readonly check?: (password: string, hash: string) => Promise<boolean> | undefined } = {}): AccessWorld {
  const compared: (readonly [string, string])[] = []
  const events: ServerEvent[] = []
  const clock = { now: Date.parse('2026-06-15T12:00:00Z') }
  const checker = {
    check(password: string, hash: string) {
      compared.push([password, hash])
      return check === undefined ? Promise.resolve(compareSync(password, hash)) : check(password, hash)
    },
  }
  const access = createAccess({ loaded: load(text), checker, observe: (event) => events.push(event), now: () => clock.now })
  const call = (path: string, authorization: string | undefined, address: string): AccessCall => ({
    request: { headers: authorization === undefined ? {} : { authorization }, url: path }, path: parseRequestPath(path), client: { address, isForwarded: false },
  })
  return {
    access, compared, events, clock,
    ask: async (path, { authorization, address = '192.0.2.1' } = {}) => await access.decide(call(path, authorization, address)),
    renew: (next) => access.renew(next === undefined ? undefined : load(next)),
  }
}
