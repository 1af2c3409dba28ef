import { type VerifyFault, type VerifyReport, verifyStore } from '@mirror/store'
import { type InstallerSum, type RepairReport, sumInstallers } from '@mirror/sync'
import { redactText } from '@mirror/core'
import type { ExitCode } from '../errors/exit-codes.ts'
import { writeChannelMetrics } from '../metrics/write-channel-metrics.ts'
import type { ChannelMetrics } from '../metrics/write-metrics.ts'
import { createStoreOpener, type OpenStore } from '../open-store.ts'
import { formatBytes, formatCount, formatNoun } from '../render/format.ts'
import { finish, forEachChannel } from './each-channel.ts'
import { isInstallers, listChannels, listInstallers, type MirroredChannel } from './find-channels.ts'
import type { Session } from './session.ts'

/** What was found in a channel, and what became of it. */
interface Verified extends VerifyReport {
  /** What was done about it; undefined without `--repair`, and where there was nothing to do. */
  readonly repair: (RepairReport & { readonly found: readonly VerifyFault[] }) | undefined
  /** Of the installers: how many there are in each folder. */
  readonly installers?: readonly InstallerSum[]
}

const FAULT_WORDS: Readonly<Record<VerifyFault['fault'], string>> = {
  missing: 'is missing',
  'not-a-file': 'is not a plain file',
  size: 'has another size',
  digest: 'has other bytes',
  'stale-variant': 'does not say what repodata.json says',
}

/**
 * Verifies every channel's mirror, and repairs it when that is asked for. Exit code 1 when something is not as listed, or when a channel has no mirror; 3 when some of it
 * was repaired.
 */
export async function runVerify(session: Session): Promise<ExitCode> {
  const { config, renderer } = session
  const started = session.now()
  const openStore = await createStoreOpener(config)
  const channels = [...listChannels(session), ...await listInstallers(session)]
  renderer.render({ type: 'run-started', command: 'verify', mirror: config.mirrorDir, config: config.file, channels: channels.length })
  const outcomes = await forEachChannel(session, channels, async (channel) => verifyOne(channel, { session, openStore }))
  const exitCode = finish(session, outcomes, { describe: (channel, report) => describeVerdict(channel, report, session), exitOf })
  await writeChannelMetrics(session, outcomes, { openStore, started, exitCode, exitOf, valuesOf })
  return exitCode
}

/** What repairing a channel needs, too. */
export interface VerifyOneOptions {
  readonly session: Session
  readonly openStore: OpenStore
}

async function verifyOne(channel: MirroredChannel, options: VerifyOneOptions): Promise<Verified | undefined> {
  const { flags } = options.session
  const found = await verifySteady(channel, options, flags.full ? 'renew' : 'use')
  const report = found === undefined ? undefined : { ...found, ...await countInstallers(channel, options) }
  if (report === undefined || report.faults.length === 0 || !flags.repair) return report === undefined ? undefined : { ...report, repair: undefined }
  const { repairOne } = await import('./repair.ts')
  const repair = await repairOne(channel, report.faults, options)
  const after = await verifySteady(channel, options, 'use')
  return { ...report, ...after, repair: repair === undefined ? undefined : { ...repair, found: report.faults } }
}

async function countInstallers(channel: MirroredChannel, { openStore }: VerifyOneOptions): Promise<Pick<Verified, 'installers'>> {
  const head = isInstallers(channel) ? await openStore(channel.root).head() : undefined
  return head === undefined ? {} : { installers: sumInstallers(head.state) }
}

/** Begins anew when a run published something meanwhile: what was verified is then no longer what is there. */
async function verifySteady({ channel, root }: MirroredChannel, { session: { renderer, signal, now }, openStore }: VerifyOneOptions, cache: 'use' | 'renew'): Promise<VerifyReport | undefined> {
  const store = openStore(root)
  for (;;) {
    const report = await verifyStore({ root, cache, now, signal, observe: (event) => renderer.render({ type: 'verify', channel, event }) })
    if (report === undefined || (await store.head())?.number === report.generation) return report
  }
}

function exitOf(report: Verified | undefined): ExitCode {
  if (report === undefined) return 1
  if (report.faults.length === 0) return 0
  return report.repair !== undefined && report.faults.length < report.repair.found.length ? 3 : 1
}

function describeVerdict(channel: string, report: Verified | undefined, session: Session): string {
  if (report === undefined) return `${channel}: nothing is published\n`
  const { generation, faults, repair } = report
  const result = faults.length === 0 ? 'whole' : formatNoun(faults.length, 'fault')
  const reasons = new Map(repair?.unrepaired.map(({ path, code, reason }) => [path, `: ${redactText(reason)} (${code})`]))
  return `${[
    `${channel}: generation ${generation}, ${describeCompared(report)}: ${result}`,
    ...(repair === undefined ? [] : [`  repaired: ${formatNoun(repair.found.length - faults.length, 'file')}; fetched ${formatNoun(repair.fetched.artifacts, 'artifact')}, ${formatBytes(repair.fetched.bytes)}`]),
    ...faults.map(({ path, fault }) => `  ${path} ${FAULT_WORDS[fault]}${reasons.get(path) ?? ''}`),
    ...describeRest(report, session),
  ].join('\n')}\n`
}

function describeCompared({ artifacts, bytes, installers }: Verified): string {
  if (installers === undefined) return `${formatNoun(artifacts, 'artifact')}, ${formatBytes(bytes)}`
  const sum = (read: (one: InstallerSum) => number): number => installers.reduce((total, one) => total + read(one), 0)
  return `${formatNoun(sum((one) => one.installers), 'installer')}, ${formatBytes(sum((one) => one.bytes))}`
}

function describeRest({ artifacts, read, faults, foreign }: Verified, { flags, config }: Session): readonly string[] {
  const how = config.file === undefined && flags.channels.length === 0 ? ', with a configuration that names the channel' : ''
  const more = foreign.length > 3 ? `, ${formatCount(foreign.length - 3)} more` : ''
  return [
    ...(faults.length === 0 || flags.repair ? [] : [`  hint: \`mirror verify --repair\` fetches anew what is not right${how}.`]),
    ...(read.artifacts < artifacts ? [`  ${formatCount(artifacts - read.artifacts)} of them have not changed since they were read; --full reads them, too`] : []),
    ...(foreign.length === 0 ? [] : [`  not of the mirror, and left alone: ${foreign.slice(0, 3).join(', ')}${more}`]),
  ]
}

function valuesOf(report: Verified | undefined): ChannelMetrics['values'] {
  return report === undefined ? {} : { mirror_verify_faults: report.faults.length, mirror_verify_foreign: report.foreign.length }
}
