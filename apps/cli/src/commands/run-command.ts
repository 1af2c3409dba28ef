import type { Flags, MirrorCommand } from '../command-line/flags.ts'
import type { Config } from '../config/config.ts'
import type { EnvironmentValues } from '../config/environment.ts'
import { findConfig } from '../config/find-config.ts'
import { formatProblem } from '../config/problems.ts'
import { qualifyChannels } from '../config/qualify-channels.ts'
import { resolveConfig } from '../config/resolve-config.ts'
import type { ExitCode } from '../errors/exit-codes.ts'
import type { LogLevel, Renderer } from '../events.ts'
import type { Output } from '../output.ts'
import { createJsonRenderer } from '../render/render-json.ts'
import { createPlainRenderer } from '../render/render-plain.ts'
import { createTerminalRenderer } from '../render/render-terminal.ts'
import { loadSeeds } from './load-seeds.ts'
import type { Pipes, Session } from './session.ts'

/** What a command is started with. */
export interface CommandStart {
  readonly flags: Flags
  readonly level: LogLevel
  readonly stdout: Output
  readonly stderr: Output
  readonly env: EnvironmentValues
  readonly pipes: Pipes
  readonly context: { readonly cwd: string; readonly signal: AbortSignal; readonly now: () => number; readonly systemConfig?: string; readonly onHangUp?: (listener: () => void) => void }
}

/** Commands for which it matters what is wanted of a channel. */
const SELECTING: ReadonlySet<MirrorCommand> = new Set(['sync', 'plan', 'explain', 'upload'])

/** Reads the configuration, carries a command out, and answers the exit code. Throws what the configuration throws. */
export async function runCommand(command: MirrorCommand, start: CommandStart): Promise<ExitCode> {
  const { flags, env, stdout, context } = start
  if (command === 'config' && flags.words['action'] === 'import') {
    const { runImport } = await import('./import-config.ts')
    return await runImport(start)
  }
  if (command === 'completion') {
    const { runCompletion } = await import('./completion.ts')
    return runCompletion(start)
  }
  const resolved = await readConfig(start)
  if (command === 'config') {
    const { formatConfig } = await import('../config/format-config.ts')
    for (const warning of resolved.warnings) start.stderr.write(`warning: ${formatProblem(warning)}\n`)
    stdout.write(formatConfig(resolved, flags.showSecrets))
    return 0
  }
  const { config, notes } = SELECTING.has(command) ? await loadSeeds(qualifyChannels(resolved)) : { config: resolved, notes: [] }
  const renderer = createRenderer({ ...start, level: chooseLevel(start, config.logLevel) })
  const session: Session = {
    command, config, env, flags, stdout, renderer, cwd: context.cwd, pipes: start.pipes, signal: context.signal, now: context.now,
    readConfig: async () => await readConfig(start), onHangUp: context.onHangUp ?? (() => undefined),
  }
  for (const warning of config.warnings) renderer.render({ type: 'notice', code: warning.code, message: formatProblem(warning) })
  for (const message of notes) renderer.render({ type: 'notice', code: 'SEEDS', message })
  try {
    return await RUNNERS[command](session)
  } finally {
    renderer.close()
  }
}

async function readConfig({ flags, env, context: { cwd, systemConfig, now } }: CommandStart): Promise<Config> {
  const source = await findConfig({ file: flags.file, home: env.home, workingDirectory: cwd, ...(systemConfig === undefined ? {} : { systemFile: systemConfig }) })
  // What reads YAML is most of what would have to be loaded: only where there is a file.
  const file = source === undefined ? undefined : (await import('../config/config-file.ts')).parseConfigFile(source)
  return resolveConfig({ file, env, flags, workingDirectory: cwd, now: now() })
}

/** What carries each command out, loaded when it is called. */
const RUNNERS: Readonly<Record<Exclude<MirrorCommand, 'config' | 'completion'>, (session: Session) => Promise<ExitCode>>> = {
  sync: async (session) => await (await import('./sync.ts')).runSync(session),
  plan: async (session) => await (await import('./sync.ts')).runSync(session),
  explain: async (session) => await (await import('./explain.ts')).runExplain(session),
  verify: async (session) => await (await import('./verify.ts')).runVerify(session),
  prune: async (session) => await (await import('./prune.ts')).runPrune(session),
  rollback: async (session) => await (await import('./rollback.ts')).runRollback(session),
  snapshot: async (session) => await (await import('./snapshot.ts')).runSnapshot(session),
  merge: async (session) => await (await import('./merge.ts')).runMerge(session),
  'delta create': async (session) => await (await import('./delta/create.ts')).runDeltaCreate(session),
  'delta apply': async (session) => await (await import('./merge.ts')).runMerge(session),
  'delta inspect': async (session) => await (await import('./delta/inspect.ts')).runDeltaInspect(session),
  'delta request': async (session) => await (await import('./delta/request.ts')).runDeltaRequest(session),
  'delta new-key': async (session) => await (await import('./delta/new-key.ts')).runNewKey(session),
  'token new': async (session) => await (await import('./new-token.ts')).runNewToken(session),
  upload: async (session) => await (await import('./upload/upload.ts')).runUpload(session),
  serve: async (session) => await (await import('./serve.ts')).runServe(session),
  diff: async (session) => await (await import('./diff/diff.ts')).runDiff(session),
  adopt: async (session) => await (await import('./adopt.ts')).runAdopt(session),
  status: async (session) => await (await import('./status.ts')).runStatus(session),
}

/** What the flags say, else what the configuration says (`verbose`). */
function chooseLevel({ flags, level }: CommandStart, configured: LogLevel | undefined): LogLevel {
  const isGiven = flags.logLevel !== undefined || flags.verbose || flags.quiet
  return isGiven ? level : (configured ?? level)
}

function createRenderer({ flags, level, stdout, stderr, env, context: { now } }: CommandStart): Renderer {
  if (flags.json) return createJsonRenderer({ output: stdout, now })
  if (stderr.isTerminal && !env.plain) return createTerminalRenderer({ output: stderr, level, color: env.color, now })
  return createPlainRenderer({ output: stderr, level, now })
}
