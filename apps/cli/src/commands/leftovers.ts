import { MirrorError } from '@mirror/core'
import type { CliErrorCode } from '../error-codes.ts'
import type { OpenStore } from '../open-store.ts'
import { formatBytes, formatNoun } from '../render/format.ts'
import { findStores, isFolderAlone, listConfigured, type MirroredChannel } from './find-channels.ts'
import type { Session } from './session.ts'

/** A channel in the mirror that the configuration does not name. */
export interface Leftover extends MirroredChannel {
  readonly artifacts: number
  readonly bytes: number
  /** It was withdrawn by an earlier run: what is left of it goes when it is due. */
  readonly isWithdrawn: boolean
}

/** The channels that `prune` is to remove, and the others that the configuration does not name. */
export interface Leftovers {
  readonly gone: readonly Leftover[]
  readonly foreign: readonly Leftover[]
}

/** Finds what the configuration does not name. Where channels are named on the command line, or there is no configuration, nobody knows what is left over. Throws `USAGE`. */
export async function findLeftovers(session: Session, openStore: OpenStore): Promise<Leftovers> {
  const { config, flags } = session
  const isKnown = !isFolderAlone(session) && flags.channels.length === 0
  const configured = new Set(listConfigured(session).map(({ folder }) => folder))
  const stores = isKnown ? findStores(config.mirrorDir).filter(({ folder }) => !configured.has(folder)) : []
  const leftovers: Leftover[] = []
  for (const store of stores) leftovers.push(await readLeftover(store, openStore))
  for (const folder of flags.removeChannels) assertRemovable(folder, { configured, leftovers, isKnown })
  const isGone = ({ folder, isWithdrawn }: Leftover): boolean => isWithdrawn || flags.removeChannels.includes(folder)
  return { gone: leftovers.filter(isGone), foreign: leftovers.filter((leftover) => !isGone(leftover)) }
}

async function readLeftover(channel: MirroredChannel, openStore: OpenStore): Promise<Leftover> {
  const head = await openStore(channel.root).head()
  const subdirs = head?.state.subdirs ?? []
  return {
    ...channel,
    artifacts: subdirs.reduce((sum, { artifacts }) => sum + artifacts.count, 0),
    bytes: subdirs.reduce((sum, { artifacts }) => sum + artifacts.bytes, 0),
    isWithdrawn: head !== undefined && subdirs.length === 0 && head.state.files.length === 0,
  }
}

interface Known {
  readonly configured: ReadonlySet<string>
  readonly leftovers: readonly Leftover[]
  readonly isKnown: boolean
}

function assertRemovable(folder: string, { configured, leftovers, isKnown }: Known): void {
  if (leftovers.some((leftover) => leftover.folder === folder)) return
  const names = leftovers.map((leftover) => leftover.folder)
  const reason = !isKnown ? 'without a configuration nobody knows what is left over'
    : configured.has(folder) ? 'the configuration names it' : 'there is no such channel in the mirror'
  throw new MirrorError<CliErrorCode>('USAGE', `Cannot remove the channel in ${JSON.stringify(folder)}: ${reason}`, {
    hint: configured.has(folder) ? 'Take it out of the configuration first.' : names.length === 0 ? 'Every channel in the mirror is configured.' : `Not configured are: ${names.join(', ')}.`,
  })
}

/** A channel that stays because nobody asked for its removal. */
export function describeLeftover({ folder, artifacts, bytes }: Leftover): string {
  return `${folder}: not in the configuration, and left alone: ${formatNoun(artifacts, 'artifact')}, ${formatBytes(bytes)}; \`--remove-channel ${folder}\` removes it\n`
}
