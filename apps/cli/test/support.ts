import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test as base } from 'vitest'
import type { Environment } from '../src/config/environment.ts'
import type { OutputStream } from '../src/output.ts'
import { runCasMerge, runCasServer, runCasSync, runCasSyncApiV4, runCasSyncApiV5, runMirror } from '../src/run-mirror.ts'

/** What a command printed, and how it ended. */
export interface Ran {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

const PROGRAMS = { mirror: runMirror, 'cas-sync': runCasSync, 'cas-merge': runCasMerge, 'cas-sync-api-v4': runCasSyncApiV4, 'cas-sync-api-v5': runCasSyncApiV5, 'cas-server': runCasServer }

/** The world of a command under test; nothing of the machine's own home or environment. */
export interface RunOptions {
  readonly env?: Environment
  readonly signal?: AbortSignal
  readonly program?: keyof typeof PROGRAMS
  readonly now?: () => number
  readonly onOutput?: (text: string) => void
  readonly stdin?: AsyncIterable<Uint8Array>
  readonly writeBytes?: (bytes: Uint8Array) => Promise<void>
}

/** A stream that keeps what is written to it. */
export function captureStream(onOutput?: (text: string) => void): OutputStream & { readonly text: () => string } {
  let all = ''
  return {
    write(text: string) {
      all += text
      onOutput?.(text)
      return true
    },
    on: () => undefined,
    off: () => undefined,
    text: () => all,
  }
}

interface Fixtures {
  /** A temporary folder that ends with the test. */
  readonly folder: string
  /** Runs a command with `folder` as its working directory and home. */
  readonly run: (argv: readonly string[], options?: RunOptions) => Promise<Ran>
}

export const test = base.extend<Fixtures>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'mirror-cli-'))
    await use(folder)
    await rm(folder, { recursive: true, force: true })
  },
  run: async ({ folder }, use) => {
    await use(async (argv, { env = {}, signal = new AbortController().signal, program = 'mirror', now, onOutput, stdin, writeBytes } = {}) => {
      const stdout = captureStream(onOutput)
      const stderr = captureStream(onOutput)
      const command = PROGRAMS[program]
      const exitCode = await command(argv, {
        stdout,
        stderr,
        env: { HOME: folder, ...env },
        cwd: folder,
        signal,
        systemConfig: join(folder, 'etc-cas-mirror'),
        ...(now === undefined ? {} : { now }),
        ...(stdin === undefined ? {} : { stdin }),
        ...(writeBytes === undefined ? {} : { writeBytes }),
      })
      return { exitCode, stdout: stdout.text(), stderr: stderr.text() }
    })
  },
})

/** The same text without what differs from run to run: the folder, the port, durations, dates and states. */
export function steady(text: string, folder: string): string {
  return text
    .replaceAll(folder, '<folder>')
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
    .replaceAll(/\(\d+\.\d s\)/g, '(<time>)')
    .replaceAll(/\d+\.\d s ago/g, '<age> ago')
    .replaceAll(/\d{4}-\d{2}-\d{2} \d{2}:\d{2} UTC/g, '<date>')
    .replaceAll(/state [0-9a-f]{12}/g, 'state <state>')
}

/** Lines of NDJSON, parsed. */
export function parseLines(text: string): readonly Readonly<Record<string, unknown>>[] {
  return text.trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>)
}
