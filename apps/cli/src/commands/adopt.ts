import { MirrorError, redactText } from '@mirror/core'
import { listSubdirs, noteLocalRun } from '@mirror/store'
import { adoptChannel, type SyncReport } from '@mirror/sync'
import type { CliErrorCode } from '../error-codes.ts'
import { type ExitCode, exitOfReport } from '../errors/exit-codes.ts'
import { createStoreOpener } from '../open-store.ts'
import { formatBytes, formatCount, formatNoun } from '../render/format.ts'
import { createSpoolFolder } from '../spool-folder.ts'
import { finish, forEachChannel } from './each-channel.ts'
import { findTrees, isFolderAlone, listConfigured, type MirroredChannel } from './find-channels.ts'
import type { Session } from './session.ts'

/** Takes over trees that another tool made. Exit code 3 when files are missing or wrong. */
export async function runAdopt(session: Session): Promise<ExitCode> {
  const { config, flags, renderer, signal } = session
  const openStore = await createStoreOpener(config)
  const { trees, others } = await chooseTrees(session)
  await using spool = await createSpoolFolder(config.mirrorDir, flags.dryRun)
  renderer.render({ type: 'run-started', command: 'adopt', mirror: config.mirrorDir, config: config.file, channels: trees.length })
  const outcomes = await forEachChannel(session, trees, async ({ channel, root }) => {
    const store = openStore(root)
    const report = await adoptChannel({
      root, store, spoolFolder: spool.path, variants: config.variants, grace: config.grace, partial: flags.partial, dryRun: flags.dryRun, signal,
      observe: (event) => renderer.render({ type: 'sync', channel, event }),
    })
    const { status, generation, totals } = report
    if (status === 'committed') await noteLocalRun(store, { command: 'adopt', generation, added: totals.add, removed: totals.remove }, session.now())
    return report
  })
  return finish(session, outcomes, {
    describe: describeAdopted, exitOf: exitOfAdopted, more: { text: others.map(({ folder }) => `${folder}: looks like a channel, is not configured, and is left alone\n`).join(''), fields: { others } },
  })
}

interface Trees {
  readonly trees: readonly MirroredChannel[]
  /** What looks like a channel and is not asked for. */
  readonly others: readonly MirroredChannel[]
}

/** The configured channels that have a tree; without a configuration, every tree in the folder. Throws `MIRROR_NOT_FOUND`. */
async function chooseTrees(session: Session): Promise<Trees> {
  const { config, flags } = session
  const found = findTrees(config.mirrorDir)
  if (isFolderAlone(session) && found.length > 0) return { trees: found, others: [] }
  const configured = isFolderAlone(session) ? [] : listConfigured(session)
  const trees = configured.filter(({ folder }) => found.some((tree) => tree.folder === folder))
  const others = flags.channels.length > 0 ? [] : found.filter((tree) => !configured.some(({ folder }) => tree.folder === folder))
  if (trees.length > 0) return { trees, others }
  throw new MirrorError<CliErrorCode>('MIRROR_NOT_FOUND', `Cannot adopt anything in ${JSON.stringify(config.mirrorDir)}: no ${isFolderAlone(session) ? 'channel' : 'configured channel'} lies there`, {
    hint: listSubdirs(config.mirrorDir).length > 0
      ? 'The folder is itself a channel: name the folder above it with --mirror-dir, and, in a configuration, give the channel its `path`.'
      : others.length > 0 ? `There are: ${others.map(({ folder }) => folder).join(', ')}. Configure them, with \`path\` where it is another folder, or use --mirror-dir alone.` : 'Name the folder of the mirror with --mirror-dir.',
  })
}

/** In a dry run, too, what is missing or wrong counts. */
function exitOfAdopted(report: SyncReport): ExitCode {
  return report.status === 'planned' && report.failed.length > 0 ? 3 : exitOfReport(report)
}

const NAMED = 10

function describeAdopted(channel: string, report: SyncReport): string {
  const { status, generation, subdirs, present, failed, held } = report
  const records = subdirs.reduce((sum, subdir) => sum + subdir.records, 0)
  const bytes = subdirs.reduce((sum, subdir) => sum + subdir.bytes, 0)
  const first = status === 'committed' ? `adopted as generation ${generation ?? ''}: ${formatNoun(records, 'artifact')}, ${formatBytes(bytes)}; ${formatCount(present)} verified, none fetched`
    : status === 'planned' ? `would be adopted: ${formatNoun(records, 'artifact')}, ${formatBytes(bytes)}`
    : status === 'unchanged' ? `is a mirror already: generation ${generation ?? ''}` : 'not adopted'
  const lines = [
    ...failed.slice(0, NAMED).map(({ reason, code }) => `  ${redactText(reason)} (${code})`),
    ...(failed.length > NAMED ? [`  and ${formatCount(failed.length - NAMED)} more`] : []),
    ...held.map(({ subdir }) => `  ${subdir} is left as it was`),
    ...(failed.length > 0 ? ['  hint: `mirror sync` fetches them from upstream; `--partial` adopts without them.'] : []),
    ...report.verdicts.map(({ message }) => `  ${message}`),
  ]
  return `${[`${channel}: ${first}`, ...lines].join('\n')}\n`
}
