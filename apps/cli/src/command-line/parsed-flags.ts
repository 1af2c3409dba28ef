import type { WordDefinition } from './flags.ts'

/** What a command line says; a flag that is not given is undefined, or false where it can only be switched on. */
export interface Flags {
  readonly file: string | undefined
  readonly mirrorDir: string | undefined
  readonly channels: readonly string[]
  readonly platforms: readonly string[]
  readonly concurrency: string | undefined
  readonly bandwidth: string | undefined
  readonly timeout: string | undefined
  readonly reuse: string | undefined
  readonly grace: string | undefined
  readonly maxDelete: string | undefined
  readonly reserve: string | undefined
  readonly dryRun: boolean
  readonly partial: boolean
  readonly strict: boolean
  readonly adopt: boolean
  readonly allowEmpty: boolean
  readonly allowShrink: boolean
  readonly allowSelection: boolean
  readonly allowRollback: boolean
  readonly json: boolean
  readonly quiet: boolean
  readonly logLevel: string | undefined
  readonly verbose: boolean
  readonly config: boolean
  readonly showSecrets: boolean
  readonly metricsFile: string | undefined
  readonly removeChannels: readonly string[]
  readonly to: string | undefined
  /** Of `upload`: which program was started, where that decides which API is spoken. */
  readonly api: 'v4' | 'v5' | undefined
  readonly labels: readonly string[]
  readonly isPrivate: boolean
  readonly clean: boolean
  readonly replace: boolean
  readonly list: boolean
  readonly generation: string | undefined
  readonly full: boolean
  readonly repair: boolean
  readonly from: string | undefined
  readonly output: string | undefined
  readonly keys: readonly string[]
  readonly deep: boolean
  readonly allowOlder: boolean
  readonly request: string | undefined
  readonly since: readonly string[]
  readonly volumeSize: string | undefined
  readonly sign: string | undefined
  readonly withTool: boolean
  readonly verify: boolean
  readonly exitCode: boolean
  readonly port: string | undefined
  readonly host: string | undefined
  readonly maxAge: string | undefined
  readonly accessLog: string | undefined
  readonly processes: string | undefined
  readonly tokens: string | undefined
  readonly htpasswd: string | undefined
  readonly tlsCert: string | undefined
  readonly tlsKey: string | undefined
  readonly expires: string | undefined
  /** Folders of channels. */
  readonly forFolders: readonly string[]
  /** Where a command takes several deltas. */
  readonly deltas: readonly string[]
  /** What stands beside the flags, by the names of the command's words. */
  readonly words: Readonly<Record<string, string | undefined>>
}

interface ReadArguments {
  readonly text: (name: string) => string | undefined
  readonly texts: (name: string) => readonly string[]
  readonly on: (name: string) => boolean
}

function toDeltaFlags({ text, texts, on }: ReadArguments): Pick<Flags, 'keys' | 'deep' | 'allowOlder' | 'request' | 'since' | 'volumeSize' | 'sign' | 'withTool' | 'verify' | 'exitCode' | 'deltas'> {
  return {
    keys: texts('key'), deep: on('deep'), allowOlder: on('allow-older'), request: text('request'),
    since: texts('since'), volumeSize: text('volume-size'), sign: text('sign'), withTool: on('with-tool'), verify: on('verify'), exitCode: on('exit-code'), deltas: texts('delta'),
  }
}

function toServingFlags({ text, texts }: Pick<ReadArguments, 'text' | 'texts'>): Pick<Flags, 'port' | 'host' | 'maxAge' | 'accessLog' | 'processes' | 'tokens' | 'htpasswd' | 'tlsCert' | 'tlsKey' | 'expires' | 'forFolders'> {
  return {
    port: text('port'), host: text('host'), maxAge: text('max-age'), accessLog: text('access-log'), processes: text('processes'),
    tokens: text('tokens'), htpasswd: text('htpasswd'), tlsCert: text('tls-cert'), tlsKey: text('tls-key'), expires: text('expires'), forFolders: texts('for'),
  }
}

function toUploadFlags({ texts, on }: Pick<ReadArguments, 'texts' | 'on'>): Pick<Flags, 'api' | 'labels' | 'isPrivate' | 'clean' | 'replace'> {
  return { api: undefined, labels: texts('label'), isPrivate: on('private'), clean: on('clean'), replace: on('replace') }
}

/** Reads parsed arguments, whatever parsed them. Of a flag that takes one value and is given twice the last one holds. */
export function toFlags(args: Readonly<Record<string, unknown>>, words: readonly WordDefinition[] = []): Flags {
  const text = (name: string): string | undefined => {
    const value: unknown = Array.isArray(args[name]) ? args[name].at(-1) : args[name]
    return typeof value === 'string' ? value : undefined
  }
  const texts = (name: string): readonly string[] => (Array.isArray(args[name]) ? args[name].map(String) : [])
  const on = (name: string): boolean => args[name] === true
  return {
    file: text('file'),
    mirrorDir: text('mirror-dir'),
    channels: texts('channel'),
    platforms: texts('platform').flatMap((names) => names.split(',')),
    concurrency: text('concurrency'),
    bandwidth: text('bandwidth'),
    timeout: text('timeout'),
    reuse: text('reuse'),
    grace: text('grace'),
    maxDelete: text('max-delete'),
    reserve: text('reserve'),
    dryRun: on('dry-run'),
    partial: on('partial'),
    strict: on('strict'),
    adopt: args['adopt'] !== false,
    allowEmpty: on('allow-empty'),
    allowShrink: on('allow-shrink'),
    allowSelection: on('allow-selection'),
    allowRollback: on('allow-rollback'),
    json: on('json'),
    quiet: on('quiet'),
    logLevel: text('log-level'),
    verbose: on('verbose'),
    config: on('config'),
    showSecrets: on('show-secrets'),
    metricsFile: text('metrics-file'),
    removeChannels: texts('remove-channel'),
    to: text('to'),
    list: on('list'),
    generation: text('generation'),
    full: on('full'),
    repair: on('repair'),
    from: text('from'),
    output: text('output'),
    ...toDeltaFlags({ text, texts, on }),
    ...toServingFlags({ text, texts }),
    ...toUploadFlags({ texts, on }),
    words: Object.fromEntries(words.filter(({ repeatable }) => repeatable !== true).map(({ name }) => [name, text(name)])),
  }
}
