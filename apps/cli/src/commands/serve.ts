import { MirrorError } from '@mirror/core'
import { type RunningServer, type ServerEvent, startServer } from '@mirror/server'
import { parseCount, parseDuration } from '../config/units.ts'
import type { CliErrorCode } from '../error-codes.ts'
import type { ExitCode } from '../errors/exit-codes.ts'
import { describeServerEvent } from '../render/describe-server-event.ts'
import { formatAccess } from '../render/format-access.ts'
import type { Session } from './session.ts'

/** So long what is being sent may go on. */
const DRAIN = 10_000
const PORT_OF_ROOT = 80
const PORT = 8080

/** Serves the mirror until it is told to stop; then what was asked is answered. Exit code 0. Throws `USAGE` and `SERVER_ADDRESS`. */
export async function runServe(session: Session): Promise<ExitCode> {
  const { config: { mirrorDir }, flags, renderer, signal } = session
  const show = chooseLog(session)
  const server = await startServer({
    mirrorDir,
    port: readPort(session),
    ...(flags.host === undefined ? {} : { host: flags.host }),
    ...(flags.maxAge === undefined ? {} : { maximumAge: readAge(flags.maxAge) }),
    observe: (event) => tell(event, session, show),
  })
  renderer.render({ type: 'notice', code: 'SERVING', message: `Serving ${mirrorDir} at ${addressOf(server)}` })
  await stopped(signal)
  await server.close(DRAIN)
  return 0
}

function tell(event: ServerEvent, { stdout, renderer, now }: Session, show: AccessLog): void {
  if (event.type === 'request') stdout.write(show === 'none' ? '' : formatAccess(event, { form: show, now: now() }))
  else renderer.render(describeServerEvent(event))
}

const LOGS = ['combined', 'json', 'none'] as const
type AccessLog = (typeof LOGS)[number]

function chooseLog({ flags: { accessLog, json, quiet } }: Session): AccessLog {
  const chosen = LOGS.find((log) => log === accessLog)
  if (accessLog !== undefined && chosen === undefined) throw usage(`${JSON.stringify(accessLog)} is no form of the access log`, `Use --access-log ${LOGS.join(', ')}.`)
  return chosen ?? (json ? 'json' : quiet ? 'none' : 'combined')
}

function readPort({ flags: { port } }: Session): number {
  if (port === undefined) return process.getuid?.() === 0 ? PORT_OF_ROOT : PORT
  const number = parseCount(port, 0)
  if (number === undefined || number > 65_535) throw usage(`${JSON.stringify(port)} is no port`, 'Use a number up to 65535; 0 takes any that is free.')
  return number
}

function readAge(text: string): number {
  const age = parseDuration(text)
  if (age === undefined) throw usage(`${JSON.stringify(text)} is no duration`, 'Use one such as 36h or 7d.')
  return age
}

function usage(message: string, hint: string): MirrorError<CliErrorCode> {
  return new MirrorError<CliErrorCode>('USAGE', `Cannot read the command line: ${message}`, { hint })
}

function addressOf({ host, port }: RunningServer): string {
  const isAny = host === '::' || host === '0.0.0.0'
  return `http://${isAny ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}/${isAny ? ', on every address of this machine' : ''}`
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
