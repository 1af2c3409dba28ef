import { redactText } from '@mirror/core'
import type { VerifyEvent } from '@mirror/store'
import type { SubdirSummary, UploadEvent } from '@mirror/sync'
import { formatError } from '../errors/error-facts.ts'
import type { LogLevel, ShownEvent } from '../events.ts'
import { formatBytes, formatCount, formatDuration, formatNoun, formatTime } from './format.ts'

/** An event in words. Few of an artifact's events are shown, so the words are made on demand. */
export interface Described {
  readonly level: LogLevel
  readonly text: () => string
}

/** An event as a line for people; undefined for what only moves a bar. */
export function describeEvent(shown: ShownEvent): Described | undefined {
  switch (shown.type) {
    case 'run-started':
      return describe('INFO', () => `${shown.channels === 0 ? shown.command : `${formatNoun(shown.channels, 'channel')} into`} ${shown.mirror}, ${shown.config === undefined ? 'without a configuration file' : `by ${shown.config}`}`)
    case 'notice':
      return describe('WARNING', () => `warning: ${shown.message}`)
    case 'channel-started':
      return describe('INFO', () => `${shown.channel}: into ${shown.folder}`)
    case 'delta-finished':
    case 'delta':
    case 'progress':
      return undefined
    case 'channel-finished':
      return describe('DEBUG', () => `${shown.channel}: ${shown.report.status} in ${formatDuration(shown.report.duration)}`)
    case 'verify':
      return place(shown.channel, describeVerifyEvent(shown.event))
    case 'sync':
      return place(shown.channel, describeSyncEvent(shown.event))
    default:
      return describeOtherWork(shown)
  }
}

const DELTA_WORK = { verify: 'verifying', write: 'writing' } as const

type OtherWork = Extract<ShownEvent, { readonly type: 'channel-failed' | 'upload-finished' | 'delta-started' | 'installers-started' | 'installers-finished' | 'installers-failed' }>

function describeOtherWork(shown: OtherWork): Described {
  switch (shown.type) {
    case 'channel-failed':
      return describe('ERROR', () => `${shown.channel}: ${formatError(shown.error).trimEnd()}`)
    case 'upload-finished':
      return describe('DEBUG', () => `${shown.channel}: ${shown.report.status} in ${formatDuration(shown.report.duration)}`)
    case 'delta-started':
      return describe('INFO', () => `${DELTA_WORK[shown.work]} ${shown.delta}: ${formatNoun(shown.files, 'file')}, ${formatBytes(shown.bytes)}`)
    case 'installers-started':
      return describe('INFO', () => `installers of ${shown.remote}`)
    case 'installers-finished':
      return describe('DEBUG', () => `installers of ${shown.remote}: ${shown.report.status} in ${formatDuration(shown.report.duration)}`)
    case 'installers-failed':
      return describe('ERROR', () => `installers of ${shown.remote}: ${formatError(shown.error).trimEnd()}`)
  }
}

function describe(level: LogLevel, write: () => string): Described {
  return { level, text: () => redactText(write()) }
}

/** Channels come one after another, so what happens in one stands indented under its name; warnings name it, because they may be all that is shown. */
function place(channel: string, described: Described | undefined): Described | undefined {
  if (described === undefined) return undefined
  const { level, text } = described
  const isPlain = level === 'INFO' || level === 'DEBUG'
  return { level, text: () => (isPlain ? text().replaceAll(/^/gm, '  ') : `${channel}: ${text()}`) }
}

function describeVerifyEvent(event: VerifyEvent): Described | undefined {
  switch (event.type) {
    case 'verify-started':
      return describe('INFO', () => `comparing ${formatNoun(event.artifacts, 'artifact')}, ${formatBytes(event.bytes)}`)
    case 'verify-progress':
      return undefined
    case 'fault':
      return describe('DEBUG', () => `${event.path}: ${event.fault}`)
  }
}

const INDEX_RESULTS = {
  'not-modified': 'has not changed',
  fetched: 'is read',
  absent: 'is not there',
  failed: 'cannot be had',
} as const

/** Complexity is the number of kinds: one line for each. */
// eslint-disable-next-line complexity -- an exhaustive switch over the union, a line for each kind
function describeSyncEvent(event: UploadEvent): Described | undefined {
  switch (event.type) {
    case 'index-checked':
      return describe('INFO', () => `upstream's index of ${event.subdir} ${INDEX_RESULTS[event.result]}`)
    case 'subdir-planned':
      return describe('INFO', () => describePlan(event.summary))
    case 'fetch-planned':
      return describe('INFO', () => `fetching ${formatNoun(event.artifacts, 'artifact')}, ${formatBytes(event.bytes)}; ${formatCount(event.present)} there already`)
    case 'artifact-done':
      return describe('DEBUG', () => `fetched ${event.artifact.subdir}/${event.artifact.name}`)
    case 'artifact-failed':
      return describe('WARNING', () => `warning: ${event.reason} (${event.code})`)
    case 'upstream-moved':
      return describe('INFO', () => 'upstream moved on meanwhile: planning again')
    case 'guard':
      return describe(event.verdict.severity === 'refuse' ? 'ERROR' : 'WARNING', () => `${event.verdict.severity === 'refuse' ? 'refused' : 'warning'}: ${event.verdict.message}`)
    case 'subdir-held':
      return describe('WARNING', () => `${event.subdir} is held: ${event.reason} (${event.code})`)
    case 'warning':
      return describe('WARNING', () => `warning: ${event.message}`)
    case 'tidied':
      return describe('DEBUG', () => `${formatCount(event.deleted)} deleted from the trash, ${formatCount(event.waiting)} waiting`)
    default:
      return describeStoreEvent(event) ?? describeClientEvent(event) ?? describeInstallerEvent(event) ?? describeUploadEvent(event)
  }
}

function describePlan({ subdir, add, addBytes, remove, reused, relisted, records }: SubdirSummary): string {
  const parts = [
    `${formatCount(add)} to add (${formatBytes(addBytes)})`,
    `${formatCount(remove)} to remove`,
    ...(reused > 0 ? [`${formatCount(reused)} re-used`] : []),
    ...(relisted > 0 ? [`${formatCount(relisted)} re-listed`] : []),
  ]
  return `${subdir}: ${parts.join(', ')}; it lists ${formatNoun(records, 'record')} then`
}

function describeStoreEvent(event: UploadEvent): Described | undefined {
  switch (event.type) {
    case 'store-recovered':
      return describe('WARNING', () => `a broken commit of an earlier run was ${event.direction === 'forward' ? 'completed' : 'dropped'}`)
    case 'artifact-damaged':
      return describe('WARNING', () => `warning: ${event.artifact.subdir}/${event.artifact.name} is not what the index says (${event.found}); it is fetched anew`)
    case 'artifact-replaced':
      return describe('DEBUG', () => `replaced ${event.after.subdir}/${event.after.name}`)
    case 'artifact-reused':
      return describe('DEBUG', () => `${event.artifact.subdir}/${event.artifact.name} is there already`)
    case 'subdir-switched':
      return describe('INFO', () => `published ${event.subdir}`)
    case 'committed':
      return describe('INFO', () => `generation ${event.generation} is published`)
    case 'store-warning':
      return describe('WARNING', () => `warning: ${event.warning}`)
    default:
      return undefined
  }
}

function describeClientEvent(event: UploadEvent): Described | undefined {
  switch (event.type) {
    case 'retry':
      return describe('INFO', () => `${event.url}: ${event.reason} at attempt ${event.attempt}, again in ${formatDuration(event.delay)}`)
    case 'redirected':
      return describe('DEBUG', () => `${event.from} leads to ${event.to}`)
    case 'resumed':
      return describe('DEBUG', () => `${event.url} goes on at ${formatBytes(event.offset)}`)
    case 'host-failing':
      return describe('WARNING', () => `warning: ${event.host} fails on and on, and is left alone for ${formatDuration(event.pause)}`)
    default:
      return undefined
  }
}

const LISTING_RESULTS = { 'not-modified': 'has not changed', fetched: 'is read', absent: 'is not there' } as const

function describeInstallerEvent(event: UploadEvent): Described | undefined {
  switch (event.type) {
    case 'listing-checked':
      return describe('INFO', () => `upstream's list of ${event.folder}/ ${LISTING_RESULTS[event.result]}`)
    case 'listing-held':
      return describe('WARNING', () => `${event.folder}/ is held: ${event.reason} (${event.code})`)
    case 'installers-planned':
      return describe('INFO', () => `${formatNoun(event.add, 'installer')} to add (${formatBytes(event.addBytes)}), ${formatCount(event.remove)} to remove`)
    case 'installer-done':
      return describe('INFO', () => `${event.path} ${event.result === 'present' ? 'is there already' : 'is fetched and verified'}`)
    case 'installer-failed':
      return describe('WARNING', () => `warning: ${event.path}: ${event.reason} (${event.code})`)
    default:
      return undefined
  }
}

const UPLOAD_RESULTS = { uploaded: 'uploaded', replaced: 'replaced', present: 'was there already:', conflict: 'is there with other bytes:' } as const

function describeUploadEvent(event: UploadEvent): Described | undefined {
  switch (event.type) {
    case 'target-listed':
      return describe('INFO', () => `the server lists ${formatNoun(event.artifacts, 'artifact')} of ${event.subdir}`)
    case 'upload-planned':
      return describe('INFO', () => `${formatNoun(event.upload, 'artifact')} to upload (${formatBytes(event.uploadBytes)}), ${formatCount(event.present)} there already, ${formatCount(event.conflicts)} there with other bytes, ${formatCount(event.remove)} to remove`)
    case 'upload-done':
      return describe(event.result === 'conflict' ? 'WARNING' : 'DEBUG', () => `${UPLOAD_RESULTS[event.result]} ${event.artifact.subdir}/${event.artifact.name}`)
    case 'upload-failed':
      return describe('WARNING', () => `warning: ${event.reason} (${event.code})`)
    case 'removed':
      return describe('DEBUG', () => `${event.result === 'removed' ? 'removed' : 'is not there:'} ${event.artifact.subdir}/${event.artifact.name}`)
    case 'target-retry':
      return describe('INFO', () => `${event.doing}: ${event.reason} at attempt ${event.attempt}, again in ${formatDuration(event.delay)}`)
    case 'target-notice':
      return describe('WARNING', () => `warning: the server says: ${event.message}`)
    case 'target-checked':
      return describe('DEBUG', () => `the server lists ${formatCount(event.artifacts - event.missing)} of ${formatCount(event.artifacts)} that it took`)
    default:
      return undefined
  }
}

/** When something waits in the trash, and until when. */
export function describeWaiting(count: number, bytes: number, next: string | undefined): string {
  return `in the trash: ${formatNoun(count, 'file')}, ${formatBytes(bytes)}${next === undefined ? '' : `; the first goes with the next run after ${formatTime(next)}`}`
}
