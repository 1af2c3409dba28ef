import { isNetwork, type RunningServer, type ServerEvent, type ServerSettings, startServer } from '@mirror/server'
import type { Config } from '../config/config.ts'
import { createConfigError } from '../config/problems.ts'
import type { ServeConfig } from '../config/resolve-serve.ts'
import type { AccessLog } from '../config/serve-values.ts'
import { readErrorFacts } from '../errors/error-facts.ts'
import type { ExitCode } from '../errors/exit-codes.ts'
import { describeServerEvent } from '../render/describe-server-event.ts'
import { formatAccess } from '../render/format-access.ts'
import type { Session } from './session.ts'

/** So long what is being sent may go on. */
const DRAIN = 10_000
const PORTS = { plain: { root: 80, others: 8080 }, secure: { root: 443, others: 8443 } } as const

/**
 * Serves the mirror until it is told to stop; then what was asked is answered. Reads the configuration again when it is told to. Exit code 0. Throws `CONFIG_INVALID`, `SERVER_ADDRESS`, `ACCESS_INVALID`
 * and `TLS_INVALID`.
 */
export async function runServe(session: Session): Promise<ExitCode> {
  const { config: { mirrorDir, serve }, renderer, signal, onHangUp } = session
  const server = await startServer({
    mirrorDir,
    port: serve.port ?? standardPort(serve),
    ...(serve.host === undefined ? {} : { host: serve.host }),
    ...toSettings(serve),
    observe: (event) => tell(event, session),
  })
  renderer.render({ type: 'notice', code: 'SERVING', message: `Serving ${mirrorDir} at ${addressOf(server)}` })
  onHangUp(createRenewal(session, server))
  await stopped(signal)
  await server.close(DRAIN)
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
    'mirror_dir': config.mirrorDir, 'serve.host': config.serve.host, 'serve.port': config.serve.port, 'serve.access_log': config.serve.accessLog,
  })
  const now = settings(after)
  return Object.entries(settings(before)).filter(([key, value]) => now[key] !== value).map(([key]) => key)
}

function addressOf({ host, port, isSecure }: RunningServer): string {
  const isAny = host === '::' || host === '0.0.0.0'
  return `${isSecure ? 'https' : 'http'}://${isAny ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}/${isAny ? ', on every address of this machine' : ''}`
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
