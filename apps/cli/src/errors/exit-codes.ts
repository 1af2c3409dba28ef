import type { InstallersReport, SyncReport, UploadReport } from '@mirror/sync'

/** The exit codes of our commands. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 130

/** What each means, for the reference page. */
export const EXIT_MEANINGS: Readonly<Record<ExitCode, string>> = {
  0: 'Done.',
  1: 'Failed, or verification found faults; with `mirror diff --exit-code`, something differs.',
  2: 'The command line or the configuration is wrong. Nothing was done.',
  3: 'Finished, but something was held or left out; what was published is whole.',
  4: 'Refused before anything changed: by a guard, or because a folder belongs to something else.',
  5: 'Another run works on the mirror.',
  6: 'A delta does not fit, or is not whole.',
  130: 'Interrupted. The mirror is as it was, or as the finished channels left it.',
}

/** From the mildest to the worst: with several channels the worst one counts. */
export const EXIT_ORDER: readonly ExitCode[] = [0, 3, 4, 5, 6, 2, 1, 130]

/** The worst of several exit codes; 0 for none. */
export function worstExit(codes: readonly ExitCode[]): ExitCode {
  return codes.reduce<ExitCode>((worst, code) => (EXIT_ORDER.indexOf(code) > EXIT_ORDER.indexOf(worst) ? code : worst), 0)
}

/** Records that are left out for these reasons are left out by policy, and told; they do not make a run count as incomplete. */
const BY_POLICY: readonly string[] = ['elsewhere', 'reused']

/** The exit code of a channel that was synced or planned. One of which nothing at all could be had has failed. */
export function exitOfReport(report: SyncReport): ExitCode {
  if (report.status === 'refused') return 4
  const isLeftOut = report.subdirs.some(({ leftOut }) => leftOut.some(({ reason }) => !BY_POLICY.includes(reason)))
  const isIncomplete = report.held.length > 0 || report.failed.length > 0 || isLeftOut
  if (report.status === 'held' && report.subdirs.every(({ status }) => status === 'held' || status === 'absent')) return 1
  return report.status === 'held' || isIncomplete ? 3 : 0
}

/** The exit code of installers that were synced or planned. Channels do not depend on them, so what could not be had of them is held. */
export function exitOfInstallers({ status, held, failed }: InstallersReport): ExitCode {
  if (status === 'refused') return 4
  return status === 'held' || held.length > 0 || failed.length > 0 ? 3 : 0
}

/** The exit code of a channel that was uploaded or whose upload was planned. Names with other bytes on the server are left out until somebody decides. */
export function exitOfUpload({ status, held, failed, conflicts, notRemoved, subdirs }: UploadReport): ExitCode {
  if (status === 'refused') return 4
  if (status === 'stopped' || (status === 'held' && subdirs.every((summary) => summary.status !== 'planned'))) return 1
  const isLeftOut = subdirs.some(({ leftOut }) => leftOut.some(({ reason }) => !BY_POLICY.includes(reason)))
  return held.length + failed.length + conflicts.length + notRemoved > 0 || isLeftOut ? 3 : 0
}
