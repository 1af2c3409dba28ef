import { isUpstreamFailure } from '../upstream-failure.ts'
import type { FailedInstaller } from './installers-options.ts'
import type { InstallersRun } from './installers-run.ts'

/** Carries out what concerns one installer: a fault of upstream or of the network is told and answered; anything else (disk, lock, bugs) is thrown. */
export async function tryInstaller(run: InstallersRun, path: string, work: () => Promise<void>): Promise<FailedInstaller | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    if (run.signal.aborted || !isUpstreamFailure(error)) throw error
    const failed = { path, code: error.code, reason: error.message }
    run.observe({ type: 'installer-failed', ...failed })
    return failed
  }
}
