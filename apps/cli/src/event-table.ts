import type { ServerEvent } from '@mirror/server'
import type { VerifyEvent } from '@mirror/store'
import type { SyncEvent } from '@mirror/sync'
import type { RunEvent } from './events.ts'

/** Every event that `--json` can print, but for the last line. Received and verified bytes are told as `progress`, and what the server says beside requests as `notice`. */
export type PrintedEvent = Exclude<SyncEvent['type'], 'bytes-received'> | Exclude<VerifyEvent['type'], 'verify-progress'> | RunEvent['type'] | Extract<ServerEvent['type'], 'request'>

/** What each event means. It does not compile while an event of any package is missing, or one too many. */
export const EVENT_TABLE: Readonly<Record<PrintedEvent, string>> = {
  'run-started': 'The configuration is read and the work begins.',
  notice: 'Something about the configuration deserves to be read, but does not stop the run.',
  'channel-started': 'The work on a channel begins.',
  'index-checked': 'Upstream\'s index of a subdir was looked at.',
  'subdir-planned': 'What will happen to a subdir.',
  planned: 'What will happen to the channel.',
  guard: 'A guard warns of the change, or refuses it.',
  'fetch-planned': 'How much has to come over the network, and how much is there already. Told again when the plan is made anew.',
  progress: 'How far the channel is: at most once a second.',
  'artifact-started': 'An artifact is being fetched.',
  'artifact-done': 'An artifact is stored and verified.',
  'artifact-failed': 'An artifact could not be had.',
  'artifact-reused': 'Bytes that were there already are right, and used.',
  'artifact-damaged': 'Bytes that were there already are not what the index says; they are fetched anew.',
  'artifact-replaced': 'The bytes under a name that upstream used again were replaced.',
  retry: 'An attempt failed and is made again after `delay` milliseconds.',
  redirected: 'Upstream led to another place.',
  resumed: 'A broken transfer goes on at `offset`.',
  'host-failing': 'A host failed on and on, and is left alone for `pause` milliseconds.',
  'upstream-moved': 'Upstream or the store moved on meanwhile: the plan is made anew.',
  'subdir-held': 'A subdir stays as it was, because of a fault.',
  'subdir-switched': 'The new index of a subdir is visible.',
  committed: 'A generation is published.',
  tidied: 'What was due is deleted from the trash; what waits.',
  'store-recovered': 'A broken commit of an earlier run was completed or dropped.',
  'store-warning': 'Something that the file system cannot promise.',
  warning: 'A warning of the run; it is in the report, too.',
  'verify-started': 'What `verify` is about to compare.',
  fault: '`verify` found a file that is not what it should be.',
  'channel-finished': 'The work on a channel ended, with its report.',
  'channel-failed': 'The work on a channel ended with an error.',
  'delta-started': 'A delta is about to be verified, or written.',
  'delta-finished': 'All of a delta was verified, or written. How far it is meanwhile is told as `progress`, with the delta as `channel`.',
  'installers-started': 'The work on the installers begins. Their events have the upstream as `channel`.',
  'listing-checked': 'Upstream\'s page of a folder of installers was looked at.',
  'listing-held': 'A folder of installers stays as it was, because its page cannot be had or used.',
  'installers-planned': 'What will happen to the installers. Sizes that cannot be known before count as 0.',
  'installer-started': 'An installer is being fetched.',
  'installer-done': 'An installer is stored and verified, or was there already (`present`).',
  'installer-failed': 'An installer could not be had.',
  'installers-finished': 'The work on the installers ended, with its report.',
  'installers-failed': 'The work on the installers ended with an error.',
  request: '`serve` answered a request. `user` is the name of the user or token that was let in, where one was needed; `bytes` are those that went to the client, head included; `duration` is in milliseconds; `isWhole` is false where the connection broke.',
}
