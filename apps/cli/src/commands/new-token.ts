import { appendFile, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { MirrorError } from '@mirror/core'
import { createToken, isTokenName, parseChannelPattern, parseLastDay } from '@mirror/server'
import { createMisuseError } from '../command-line/misuse-error.ts'
import { parseDuration } from '../config/units.ts'
import type { CliErrorCode } from '../error-codes.ts'
import type { ExitCode } from '../errors/exit-codes.ts'
import { formatJsonLine } from '../render/render-json.ts'
import { printResult, type Session } from './session.ts'

/** Makes a token, and tells it this once. Throws `USAGE` and `CONFIG_UNWRITABLE`. */
export async function runNewToken(session: Session): Promise<ExitCode> {
  const { flags, cwd, stdout, now, command } = session
  const name = readName(flags.words['name'] ?? '')
  const expires = flags.expires === undefined ? undefined : readDay(flags.expires, now())
  const { token, line } = createToken({ name, channels: flags.forFolders.map(readFolder), ...(expires === undefined ? {} : { expires }) })
  if (flags.tokens !== undefined) await addLine(resolve(cwd, flags.tokens), line, flags.tokens)
  const added = flags.tokens === undefined ? undefined : resolve(cwd, flags.tokens)
  printResult(session, `${token}\n\nThis is the token; it is shown this once.\n${added === undefined ? `The line for the file of tokens:\n\n${line}\n` : `Its line was added to ${added}.\n`}`)
  if (flags.json) stdout.write(formatJsonLine({ type: 'result', command, exitCode: 0, token, line, file: added }, now()))
  else if (flags.quiet) stdout.write(`${token}\n${added === undefined ? `${line}\n` : ''}`)
  return 0
}

function readName(name: string): string {
  if (isTokenName(name)) return name
  throw createMisuseError(`${JSON.stringify(name)} cannot be the name of a token`, 'Use letters, digits, and . _ @ + - behind the first: at most 100.')
}

function readFolder(text: string): string {
  if (parseChannelPattern(text) !== undefined && !/[\s,]/.test(text)) return text
  throw createMisuseError(`${JSON.stringify(text)} cannot be the folder of a channel`, 'Name it as it lies below mirror_dir, such as conda-forge or team-*.')
}

const DAY_LENGTH = 10

/** A day as it stands in the file. What a duration ends on is taken to its end. */
function readDay(text: string, now: number): string {
  const duration = parseDuration(text)
  const day = duration === undefined ? text : new Date(now + duration).toISOString().slice(0, DAY_LENGTH)
  const end = parseLastDay(day)
  if (end === undefined) throw createMisuseError(`${JSON.stringify(text)} is neither a day nor a duration`, 'Use one such as 2027-01-31 or 90d.')
  if (end <= now) throw createMisuseError(`${text} is over already`, 'Name a day that is to come.')
  return day
}

/** Readable for its owner and group alone, where it is new: hashes help nobody, but who may read what is nobody's business. */
async function addLine(path: string, line: string, shown: string): Promise<void> {
  try {
    await appendFile(path, `${await needsBreak(path) ? '\n' : ''}${line}\n`, { mode: 0o640 })
  } catch (cause) {
    throw new MirrorError<CliErrorCode>('CONFIG_UNWRITABLE', `Cannot write the file of tokens ${JSON.stringify(shown)}: ${cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)}`, {
      hint: 'The token was not added, and is not valid. Name a file in a folder that can be written.', cause,
    })
  }
}

/** Somebody wrote a last line without its end. */
async function needsBreak(path: string): Promise<boolean> {
  try {
    await using file = await open(path)
    const { size } = await file.stat()
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, Math.max(0, size - 1))
    return size > 0 && buffer.toString() !== '\n'
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false
    throw error
  }
}
