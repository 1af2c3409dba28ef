import { isMirrorError } from '@mirror/core'
import type { FailedInstaller } from './installers-options.ts'
import type { InstallersRun } from './installers-run.ts'

const FAILURES: ReadonlySet<string> = new Set([
  'ANSWER_REFUSED', 'ARTIFACT_MISSING', 'ARTIFACT_UNREACHABLE', 'BODY_TOO_LARGE', 'CERTIFICATE_REFUSED', 'CHANNEL_FORBIDDEN', 'CHANNEL_UNREACHABLE', 'DIGEST_MISMATCH', 'FILE_REFUSED',
  'HOST_FAILING', 'PROXY_REFUSED', 'REDIRECT_REFUSED', 'SIZE_MISMATCH', 'TRANSFER_BROKEN', 'TRANSFER_STALLED',
])

/** Carries out what concerns one installer: a fault of upstream or of the network is told and answered; anything else (disk, lock, bugs) is thrown. */
export async function tryInstaller(run: InstallersRun, path: string, work: () => Promise<void>): Promise<FailedInstaller | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (run.signal.aborted || !isMirrorError(error) || !FAILURES.has(error.code)) throw error
    const failed = { path, code: error.code, reason: error.message }
    run.observe({ type: 'installer-failed', ...failed })
    return failed
  }
}

/** True when other bytes came than are listed: a fetch past caches may mend that. */
export function isWrongBytes(error: unknown): boolean {
  return isMirrorError(error) && (error.code === 'DIGEST_MISMATCH' || error.code === 'SIZE_MISMATCH')
}
