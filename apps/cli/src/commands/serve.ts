import { isNetwork, type RunningServer, type ServerEvent, type ServerSettings, startServer } from '@mirror/server'
import type { Config } from '../config/config.ts'
import { createConfigError } from '../config/problems.ts'
import type { ServeConfig } from '../config/resolve-serve.ts'
import type { AccessLog } from '../config/serve-values.ts'
import { readErrorFacts } from '../errors/error-facts.ts'
import { EXIT_ORDER, type ExitCode } from '../errors/exit-codes.ts'
import { describeServerEvent } from '../render/describe-server-event.ts'
import { formatAccess } from '../render/format-access.ts'
import { joinProcesses, type JoinedProcess } from '../serve/join-processes.ts'
import type { Session } from './session.ts'

/** So long what is being sent may go on. */
const DRAIN = 10_000
/** And so long may end a process that has sent all. */
const GRACE = 1000
const PORTS = { plain: { root: 80, others: 8080 }, secure: { root: 443, others: 8443 } } as const

/**
 * Serves the mirror until it is told to stop; then what was asked is answered. Reads the configuration again when it is told to. Exit code 0. Throws `CONFIG_INVALID`, `SERVER_ADDRESS`, `ACCESS_INVALID`
 * and `TLS_INVALID`.
 */
export async function runServe(session: Session): Promise<ExitCode> {
  const { processes = 1 } = session.config.serve
  const joined = joinProcesses()
  if (joined !== undefined) return await serveAsOneOf(session, joined)
  return processes > 1 ? await serveTogether(session, processes) : await serveAlone(session)
}

async function serveAlone(session: Session): Promise<ExitCode> {
  const { config: { mirrorDir }, renderer, signal, onHangUp } = session
  const server = await start(session)
  renderer.render({ type: 'notice', code: 'SERVING', message: `Serving ${mirrorDir} at ${addressOf(server)}` })
  onHangUp(createRenewal(session, server))
  await stopped(signal)
  await server.close(DRAIN)
  return 0
}

async function serveAsOneOf(session: Session, joined: JoinedProcess): Promise<ExitCode> {
  const server = await start(session, joined.processes)
  const told = new Promise<void>((resolve) => joined.start(server.describe, resolve))
  session.onHangUp(createRenewal(session, server))
  await Promise.race([stopped(session.signal), told])
  await server.close(DRAIN)
  await joined.end()
  return 0
}

async function start(session: Session, processes?: JoinedProcess['processes']): Promise<RunningServer> {
  const { config: { mirrorDir, serve } } = session
  return await startServer({
    mirrorDir,
    port: serve.port ?? standardPort(serve),
    ...(serve.host === undefined ? {} : { host: serve.host }),
    ...toSettings(serve),
    ...(processes === undefined ? {} : { processes }),
    observe: (event) => tell(event, session),
  })
}

/** Answers nothing itself: starts others that do, and again those that end, and passes on what it is told. */
async function serveTogether({ config: { mirrorDir, serve: { tls } }, renderer, signal, onHangUp }: Session, count: number): Promise<ExitCode> {
  const { startProcesses } = await import('../serve/start-processes.ts')
  const started = await startProcesses({
    count,
    onEnd: (name, why) => renderer.render({ type: 'notice', code: 'PROCESS_ENDED', message: `Process ${name} ended by itself (${why}): it is started again` }),
  })
  if (typeof started === 'number') return EXIT_ORDER.find((code) => code === started) ?? 1
  renderer.render({ type: 'notice', code: 'SERVING', message: `Serving ${mirrorDir} with ${count} processes at ${addressOf({ ...started, isSecure: tls !== undefined })}` })
  onHangUp(() => started.signal('SIGHUP'))
  await stopped(signal)
  await started.close(DRAIN + GRACE)
  return 0
}

function tell(event: ServerEvent, session: Session): void {
  if (event.type !== 'request') return session.renderer.render(describeServerEvent(event))
  const form = chooseLog(session)
  if (form !== 'none') session.stdout.write(formatAccess(event, { form, now: session.now() }))
}

function chooseLog({ config: { serve: { accessLog } }, flags: { json, quiet } }: Session): AccessLog {
  return accessLog ?? (json ? 'json' : quiet ? 'none' : 'combined')
}

function standardPort({ tls }: ServeConfig): number {
  const { root, others } = PORTS[tls === undefined ? 'plain' : 'secure']
  return process.getuid?.() === 0 ? root : others
}

function toSettings({ maximumAge, tls, proxies, access }: ServeConfig): ServerSettings {
  const wrong = proxies.find((proxy) => !isNetwork(proxy))
  if (wrong !== undefined) throw createConfigError([{ code: 'CONFIG_INVALID', where: undefined, key: 'serve.proxies', message: `"serve.proxies" takes addresses, or networks such as 10.0.0.0/8, not ${JSON.stringify(wrong)}` }])
  return {
    proxies,
    ...(maximumAge === undefined ? {} : { maximumAge }),
    ...(tls === undefined ? {} : { tls }),
    ...(access === undefined ? {} : { access: { rules: access } }),
  }
}

/** One after another, however often it is asked for. */
function createRenewal(session: Session, server: RunningServer): () => void {
  let last = Promise.resolve()
  return () => {
    last = last.then(async () => await renew(session, server))
  }
}

/** Everything holds anew, or nothing does. */
async function renew({ config: before, readConfig, renderer, signal }: Session, server: RunningServer): Promise<void> {
  try {
    const config = await readConfig()
    await server.renew(toSettings(config.serve))
    const waiting = findWaiting(before, config)
    const later = waiting.length === 0 ? '' : `; what is said of ${waiting.join(', ')} holds when the server is started again`
    renderer.render({ type: 'notice', code: 'RENEWED', message: `The configuration was read again, and holds from now on${later}` })
  } catch (error) {
    const { code, message } = readErrorFacts(error, signal)
    renderer.render({ type: 'notice', code: 'RENEWAL_FAILED', message: `${code}: ${message.replaceAll(/\s*\n\s*/g, '; ')}; what there was holds on` })
  }
}

/** What cannot change while the server serves, and did. */
function findWaiting(before: Config, after: Config): readonly string[] {
  const settings = (config: Config): Readonly<Record<string, unknown>> => ({
    'mirror_dir': config.mirrorDir, 'serve.host': config.serve.host, 'serve.port': config.serve.port, 'serve.access_log': config.serve.accessLog, 'serve.processes': config.serve.processes,
  })
  const now = settings(after)
  return Object.entries(settings(before)).filter(([key, value]) => now[key] !== value).map(([key]) => key)
}

function addressOf({ host, port, isSecure }: Pick<RunningServer, 'host' | 'port' | 'isSecure'>): string {
  const isAny = host === '::' || host === '0.0.0.0'
  return `${isSecure ? 'https' : 'http'}://${isAny ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}/${isAny ? ', on every address of this machine' : ''}`
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
