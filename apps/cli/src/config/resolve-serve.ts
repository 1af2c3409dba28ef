import { dirname, join, resolve } from 'node:path'
import type { Flags } from '../command-line/flags.ts'
import type { ConfigProblem } from './problems.ts'
import { parsePort, parseProcesses } from './read-serve.ts'
import { ACCESS_LOGS, type AccessLog, type AccessValues, type ServeValues } from './serve-values.ts'
import { parseDuration } from './units.ts'

/** Who may read some channels. Paths are absolute. */
export interface AccessConfig {
  readonly channels: readonly string[]
  readonly isPublic: boolean
  readonly tokens: readonly string[]
  readonly htpasswd: readonly string[]
  /** Undefined: everybody in the files. */
  readonly users: readonly string[] | undefined
}

/** How the mirror is served; what is undefined is left to the server. Paths are absolute. */
export interface ServeConfig {
  readonly host: string | undefined
  readonly port: number | undefined
  /** Milliseconds. */
  readonly maximumAge: number | undefined
  readonly accessLog: AccessLog | undefined
  readonly processes: number | undefined
  readonly tls: { readonly certificate: string; readonly key: string } | undefined
  readonly proxies: readonly string[]
  /** Undefined: everybody may read everything. */
  readonly access: readonly AccessConfig[] | undefined
}

/** What serving is resolved with. */
export interface ServeLayers {
  readonly flags: Flags
  readonly home: string | undefined
  readonly workingDirectory: string
  /** The path of the configuration file. */
  readonly file: string | undefined
}

/** How the mirror is served, and what is wrong with flags that say it. */
export interface ResolvedServe {
  readonly serve: ServeConfig
  readonly problems: readonly ConfigProblem[]
}

/**
 * How the mirror is served: flags win over the file. Paths of the file start from its folder, those of flags from the working directory. `--tokens` and `--htpasswd` are a rule about all of
 * the mirror, in place of those of the file.
 */
export function resolveServe(values: ServeValues | undefined, layers: ServeLayers): ResolvedServe {
  const { flags, workingDirectory } = layers
  const said = values ?? {}
  const fromFile = createFileResolver(layers)
  const fromFlag = (path: string): string => resolve(workingDirectory, path)
  const { problems, ...read } = readServeFlags(flags)
  return {
    serve: {
      host: flags.host ?? said.host,
      ...resolvePlain(read, said),
      tls: resolveTls(flags, fromFlag) ?? resolveTlsValues(said.tls, fromFile),
      proxies: said.proxies ?? [],
      access: resolveAccess(flags, fromFlag) ?? said.access?.map((rule) => resolveRule(rule, fromFile)),
    },
    problems,
  }
}

type PlainFlags = Omit<ServeFlags, 'problems'>

function resolvePlain({ port, maximumAge, accessLog, processes }: PlainFlags, said: ServeValues): PlainFlags {
  return { port: port ?? said.port, maximumAge: maximumAge ?? said.max_age, accessLog: accessLog ?? said.access_log, processes: processes ?? said.processes }
}

type Absolute = (path: string) => string

function createFileResolver({ home, file, workingDirectory }: ServeLayers): Absolute {
  const folder = file === undefined ? workingDirectory : dirname(resolve(workingDirectory, file))
  return (path) => resolve(folder, home !== undefined && path.startsWith('~/') ? join(home, path.slice(2)) : path)
}

function resolveTls({ tlsCert, tlsKey }: Flags, absolute: Absolute): ServeConfig['tls'] {
  return tlsCert === undefined || tlsKey === undefined ? undefined : { certificate: absolute(tlsCert), key: absolute(tlsKey) }
}

function resolveTlsValues(values: ServeValues['tls'], absolute: Absolute): ServeConfig['tls'] {
  return values?.cert === undefined || values.key === undefined ? undefined : { certificate: absolute(values.cert), key: absolute(values.key) }
}

function resolveAccess({ tokens, htpasswd }: Flags, absolute: Absolute): readonly AccessConfig[] | undefined {
  if (tokens === undefined && htpasswd === undefined) return undefined
  return [{ channels: ['*'], isPublic: false, tokens: [tokens].filter((path) => path !== undefined).map(absolute), htpasswd: [htpasswd].filter((path) => path !== undefined).map(absolute), users: undefined }]
}

function resolveRule({ channels = ['*'], public: isPublic = false, tokens = [], htpasswd = [], users }: AccessValues, absolute: Absolute): AccessConfig {
  return { channels, isPublic, tokens: tokens.map(absolute), htpasswd: htpasswd.map(absolute), users }
}

interface ServeFlags {
  readonly port: number | undefined
  readonly maximumAge: number | undefined
  readonly accessLog: AccessLog | undefined
  readonly processes: number | undefined
  readonly problems: readonly ConfigProblem[]
}

function readServeFlags({ port, maxAge, accessLog, processes, tlsCert, tlsKey }: Flags): ServeFlags {
  const problems: ConfigProblem[] = []
  const tell = (where: string, message: string): void => void problems.push({ code: 'CONFIG_INVALID', where, key: undefined, message })
  const read = <Value>(flag: string, text: string | undefined, { parse, takes }: { readonly parse: (text: string) => Value | undefined; readonly takes: string }): Value | undefined => {
    const value = text === undefined ? undefined : parse(text)
    if (text !== undefined && value === undefined) tell(flag, `takes ${takes}, not ${JSON.stringify(text)}`)
    return value
  }
  if (tlsCert === undefined && tlsKey !== undefined) tell('--tls-key', 'needs --tls-cert beside it')
  if (tlsCert !== undefined && tlsKey === undefined) tell('--tls-cert', 'needs --tls-key beside it')
  return {
    port: read('--port', port, { parse: parsePort, takes: 'a number up to 65535' }),
    maximumAge: read('--max-age', maxAge, { parse: (text) => parseDuration(text) || undefined, takes: 'a duration above 0, such as 36h' }),
    accessLog: read('--access-log', accessLog, { parse: (text) => ACCESS_LOGS.find((log) => log === text), takes: ACCESS_LOGS.join(', ') }),
    processes: read('--processes', processes, { parse: parseProcesses, takes: 'a number from 1 to 64' }),
    problems,
  }
}
