import type { DiskIo } from './disk-io.ts'
import type { DiskPaths } from './disk-paths.ts'
import type { StoreEvent } from './events.ts'

/** What every part of the disk store works with. */
export interface DiskContext {
  readonly io: DiskIo
  readonly paths: DiskPaths
  readonly fileMode: number
  readonly directoryMode: number
  readonly clock: () => Date
  /** How many superseded generations are kept beyond the grace. */
  readonly keep: number
  /** The only folders at the root that are the store's business; undefined: all. */
  readonly folders: readonly string[] | undefined
}

/** Listens to nothing. */
export function ignoreEvents(_event: StoreEvent): void {
  // An operation without an observer.
}

/** Lets other work go on. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
