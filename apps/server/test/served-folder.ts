import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test as base } from 'vitest'
import type { AccessRule, RunningServer, ServerEvent, ServerOptions } from '../src/index.ts'
import { startServer } from '../src/index.ts'
import { type Answer, exchange, readAnswer } from './world.ts'

/** What is to be served, and how. */
export interface ServedOptions extends Partial<Omit<ServerOptions, 'access'>> {
  /** Rules of which what is left out is empty; names of files are below the folder. */
  readonly rules?: readonly Partial<AccessRule>[]
}

/** A folder with files, and a server over `mirror/` in it. */
export interface ServedFolder {
  readonly folder: string
  readonly server: RunningServer
  readonly events: readonly ServerEvent[]
  readonly write: (path: string, text: string | Uint8Array) => Promise<void>
  readonly toRules: (rules: readonly Partial<AccessRule>[]) => { readonly rules: readonly AccessRule[] }
  /** Resolves when something was told that fits; also when it was told before. */
  readonly told: (fits: (event: ServerEvent) => boolean) => Promise<ServerEvent>
  readonly get: (path: string, headers?: Readonly<Record<string, string>>, method?: string) => Promise<Answer>
}

/** Starts a server over a folder of plain files, which ends with the test. */
export const test = base.extend<{
  readonly folder: string
  readonly serve: (files: Readonly<Record<string, string | Uint8Array>>, options?: ServedOptions) => Promise<ServedFolder>
}>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'served-'))
    await use(folder)
    await rm(folder, { recursive: true, force: true })
  },
  serve: async ({ folder }, use) => {
    const servers: RunningServer[] = []
    await use(async (files, { rules, ...options } = {}) => {
      const write = async (path: string, content: string | Uint8Array): Promise<void> => {
        await mkdir(dirname(join(folder, path)), { recursive: true })
        await writeFile(join(folder, path), content)
      }
      for (const [path, content] of Object.entries(files)) await write(path, content)
      const events: ServerEvent[] = []
      const waiting: { readonly fits: (event: ServerEvent) => boolean; readonly resolve: (event: ServerEvent) => void }[] = []
      const observe = (event: ServerEvent): void => {
        events.push(event)
        for (const { fits, resolve } of waiting) if (fits(event)) resolve(event)
      }
      const toRules = (partial: readonly Partial<AccessRule>[]): { readonly rules: readonly AccessRule[] } => ({
        rules: partial.map(({ channels = ['*'], isPublic = false, tokens = [], htpasswd = [], users }) => ({ channels, isPublic, tokens: tokens.map((path) => join(folder, path)), htpasswd: htpasswd.map((path) => join(folder, path)), users })),
      })
      const server = await startServer({
        mirrorDir: join(folder, 'mirror'), port: 0, host: '127.0.0.1', temporaryFolder: folder, observe, watchInterval: 20, ...(rules === undefined ? {} : { access: toRules(rules) }), ...options,
      })
      servers.push(server)
      return {
        folder, server, events, write, toRules,
        told: async (fits) => events.find(fits) ?? await new Promise((resolve) => { waiting.push({ fits, resolve }) }),
        async get(path, headers = {}, method = 'GET') {
          const lines = Object.entries({ host: 'mirror', connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}`)
          return readAnswer(await exchange(server.port, `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`))
        },
      }
    })
    for (const server of servers) await server.close(0)
  },
})
