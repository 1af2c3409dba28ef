import type { CreatedDelta, DeltaRecorder } from '@mirror/difftar'
import { formatBytes, formatNoun } from '../render/format.ts'
import type { Runtime } from '../runtime.ts'
import type { Session } from './session.ts'

/** Starts to record a delta, if the configuration asks for one; then the mirror itself is only read. It is signed if there is a key for it. Throws `DELTA_TARGET_FOREIGN`, and `KEY_INVALID` before anything is done. */
export async function openRecorder(session: Session): Promise<DeltaRecorder | undefined> {
  const { config, renderer } = session
  if (!config.delta.isRecorded) return undefined
  if (config.installers !== undefined) {
    renderer.render({ type: 'notice', code: 'INSTALLERS_SKIPPED', message: 'a delta has no installers in this version; "fetch_installers: false" says that they are not wanted' })
  }
  const [{ openDeltaRecorder }, { readSecretKey }] = await Promise.all([import('@mirror/difftar'), import('./delta/read-keys.ts')])
  const key = readSecretKey(session)
  const { record, finish } = openDeltaRecorder(config.delta.directory)
  return { record, finish: async (options) => await finish({ ...options, key }) }
}

/** Writes the manifest: from then on the folder is a delta. Its sequence, a number for people, is that of the generation that it leads to. */
export async function finishRecording(recorder: DeltaRecorder, { session, runtime }: { readonly session: Session; readonly runtime: Runtime }): Promise<CreatedDelta> {
  const { config, flags, now } = session
  const heads = await Promise.all(config.channels.map(({ channel }) => runtime.openStore(channel).head()))
  const isOverridden = flags.allowEmpty || flags.allowShrink || flags.allowSelection || flags.allowRollback
  return await recorder.finish({
    sequence: 1 + Math.max(0, ...heads.map((head) => head?.number ?? 0)),
    guards: isOverridden ? 'overridden' : 'satisfied',
    created: new Date(now()).toISOString(),
  })
}

/** What was recorded, in words; ends with a line feed. Undefined for nothing: then there is no delta. `incomplete` are the channels of which something is not in it. */
export function describeRecorded(directory: string, created: CreatedDelta | undefined, incomplete: readonly string[]): string {
  const lacking = incomplete.length === 0 ? undefined : `Not everything of ${incomplete.join(', ')} could be`
  if (created === undefined) return `Delta: ${directory}: nothing was recorded, so it is no delta.${lacking === undefined ? '' : ` ${lacking}, as said above.`}\n`
  const { totals, seal, manifest } = created
  if (seal === undefined) return `Delta: ${directory}: nothing changed, so it is empty\n`
  const size = `${formatNoun(totals.entries, 'file')}, ${formatBytes(totals.bytes)}, ${formatNoun(totals.remove, 'removal')}`
  const but = lacking === undefined ? '' : ` ${lacking} recorded, as said above.`
  return `Delta ${manifest.sequence}: ${directory}: ${size}.${but} The mirror is as it was; cas-merge applies it, here and on the other side.\n`
}
