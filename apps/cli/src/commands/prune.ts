import { NOARCH, parseSubdirName, type SubdirName } from '@mirror/core'
import { type DiskStore, noteLocalRun, type TidyReport } from '@mirror/store'
import { INSTALLER_FOLDERS, pruneChannel, pruneInstallers, type PruneReport } from '@mirror/sync'
import type { ExitCode } from '../errors/exit-codes.ts'
import { writeChannelMetrics } from '../metrics/write-channel-metrics.ts'
import { valuesOfTidy } from '../metrics/write-metrics.ts'
import { createStoreOpener } from '../open-store.ts'
import { describeWaiting } from '../render/describe-event.ts'
import { formatBytes, formatNoun } from '../render/format.ts'
import { finish, forEachChannel } from './each-channel.ts'
import { isFolderAlone, isInstallers, listChannels, listInstallers, type MirroredChannel } from './find-channels.ts'
import { describeLeftover, findLeftovers } from './leftovers.ts'
import type { Session } from './session.ts'

/** What came of one channel. */
interface Pruned extends Omit<PruneReport, 'withdrawn'> {
  /** What it has. */
  readonly of: 'artifact' | 'installer'
  /** Subdirs that left the configuration; of the installers, platforms. */
  readonly withdrawn: readonly { readonly subdir: string; readonly artifacts: number; readonly bytes: number }[]
  /** True when nothing is left of it, not even its dot-folder. */
  readonly removed: boolean
}

/** Removes what left the configuration, then what is due. Exit code 3 when more was due than may be deleted, 4 when a guard refused. */
export async function runPrune(session: Session): Promise<ExitCode> {
  const { config, renderer } = session
  const started = session.now()
  const openStore = await createStoreOpener(config)
  const { gone, foreign } = await findLeftovers(session, openStore)
  const channels = listChannels(session)
  const installers = await listInstallers(session)
  renderer.render({ type: 'run-started', command: 'prune', mirror: config.mirrorDir, config: config.file, channels: channels.length + gone.length })
  const folders = new Set(gone.map(({ folder }) => folder))
  const outcomes = await forEachChannel(session, [...channels, ...gone, ...installers], async (channel) => (isInstallers(channel)
    ? pruneOwnInstallers(channel, session, openStore(channel.root, INSTALLER_FOLDERS))
    : pruneOne(channel, { session, store: openStore(channel.root), isGone: folders.has(channel.folder) })))
  const exitCode = finish(session, outcomes, {
    describe: (channel, report) => describePruned(channel, report, session), exitOf: exitOfPruned,
    more: { text: foreign.map(describeLeftover).join(''), fields: { leftovers: foreign } },
  })
  if (!session.flags.dryRun) await writeChannelMetrics(session, outcomes, { openStore, started, exitCode, exitOf: exitOfPruned, valuesOf: ({ tidy }) => valuesOfTidy(tidy) })
  return exitCode
}

interface PruneOneOptions {
  readonly session: Session
  readonly store: DiskStore
  readonly isGone: boolean
}

async function pruneOne(channel: MirroredChannel, { session, store, isGone }: PruneOneOptions): Promise<Pruned> {
  const { config, flags, renderer, signal } = session
  const report = await pruneChannel({
    store,
    keep: isGone ? 'nothing' : await chooseSubdirs(channel, session, store),
    grace: config.grace,
    dryRun: flags.dryRun,
    signal,
    observe: (event) => renderer.render({ type: 'sync', channel: channel.channel, event }),
    ...(config.maximumDeletes === undefined ? {} : { maximumDeletes: config.maximumDeletes }),
    ...(flags.allowSelection ? { selectionShare: Infinity } : {}),
  })
  return { ...report, of: 'artifact', removed: await settle(report, { session, store, isGone }) }
}

/** Takes away what is left of a channel that went; else notes what was withdrawn. */
async function settle(report: PruneReport, { session, store, isGone }: PruneOneOptions): Promise<boolean> {
  const { status, generation, tidy } = report
  if (session.flags.dryRun) return false
  if (isGone && tidy?.waiting.count === 0 && tidy.left === 0 && await store.removeEmpty() === 'removed') return true
  if (status === 'committed') await noteLocalRun(store, { command: 'prune', generation, added: 0, removed: countOf(report) }, session.now())
  return false
}

function countOf({ withdrawn }: PruneReport): number {
  return withdrawn.reduce((sum, { artifacts }) => sum + artifacts, 0)
}

/** Installers of platforms that left the configuration; where it wants no installers, nothing goes but what is due. */
async function pruneOwnInstallers({ channel }: MirroredChannel, session: Session, store: DiskStore): Promise<Pruned> {
  const { config, flags, renderer, signal } = session
  const report = await pruneInstallers({
    store,
    platforms: config.installers === undefined || isFolderAlone(session) ? 'all' : config.platforms.map((platform) => parseSubdirName(platform)),
    grace: config.grace,
    dryRun: flags.dryRun,
    signal,
    observe: (event) => renderer.render({ type: 'sync', channel, event }),
    ...(config.maximumDeletes === undefined ? {} : { maximumDeletes: config.maximumDeletes }),
  })
  const withdrawn = report.withdrawn.map(({ name, installers, bytes }) => ({ subdir: name, artifacts: installers, bytes }))
  return { ...report, of: 'installer', withdrawn, verdicts: [], removed: false }
}

/** The subdirs that stay: those of the configuration. All of them where there is no configuration. */
async function chooseSubdirs({ folder }: MirroredChannel, session: Session, store: DiskStore): Promise<ReadonlySet<SubdirName>> {
  if (isFolderAlone(session)) return new Set((await store.head())?.state.subdirs.map(({ subdir }) => subdir))
  const configured = session.config.channels.find(({ channel }) => channel.folder === folder)
  return new Set([...(session.config.noarch ? [NOARCH] : []), ...(configured?.subdirs ?? []).map(({ subdir }) => subdir)])
}

function exitOfPruned({ status, tidy }: Pruned): ExitCode {
  if (status === 'refused') return 4
  return (tidy?.left ?? 0) > 0 ? 3 : 0
}

function describePruned(channel: string, { of, status, generation, withdrawn, verdicts, tidy, removed }: Pruned, { flags: { dryRun } }: Session): string {
  if (generation === undefined) return `${channel}: nothing is published\n`
  if (status === 'refused') return verdicts.map(({ message, override }) => `${channel}: refused: ${message}${override === undefined ? '' : `; ${override} accepts it`}\n`).join('')
  const lines = withdrawn.map(({ subdir, artifacts, bytes }) => `  ${subdir} ${dryRun ? 'would be withdrawn' : 'is withdrawn'}: ${formatNoun(artifacts, of)}, ${formatBytes(bytes)}`)
  const own = [...lines, ...(tidy === undefined ? [] : describeTidy(tidy, dryRun)), ...(removed ? ['  nothing is left of it'] : [])]
  return `${channel}: ${own.length === 0 ? 'nothing to prune' : `generation ${generation}`}\n${own.map((line) => `${line}\n`).join('')}`
}

function describeTidy({ deleted, waiting, kept, left, dropped }: TidyReport, dryRun: boolean): readonly string[] {
  return [
    ...(dropped.length === 0 ? [] : [`  given up${dryRun ? ' would be' : ''}: ${dropped.length === 1 ? 'generation' : 'generations'} ${dropped.toReversed().join(', ')}`]),
    ...(deleted.count === 0 ? [] : [`  ${dryRun ? 'to delete' : 'deleted'}: ${formatNoun(deleted.count, 'file')}, ${formatBytes(deleted.bytes)}`]),
    ...(left === 0 ? [] : [`  left for another run, because of --max-delete: ${formatNoun(left, 'file')}`]),
    ...(kept.count === 0 ? [] : [`  kept for older generations: ${formatNoun(kept.count, 'file')}, ${formatBytes(kept.bytes)}`]),
    ...(waiting.count === 0 ? [] : [`  ${describeWaiting(waiting.count, waiting.bytes, waiting.next)}`]),
  ]
}
