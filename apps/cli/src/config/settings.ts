import type { ReusePolicy, VariantChoice } from '@mirror/sync'
import { STANDARD_PLATFORMS } from './channels.ts'
import type { Timeouts } from './config.ts'

/** Keys of the file that have a default, and that flags can override. */
export interface Settings {
  readonly mirror_dir: string
  readonly platforms: readonly string[]
  readonly noarch: boolean
  readonly reuse: ReusePolicy
  readonly grace: number
  readonly retain: number
  readonly concurrency: number
  readonly bandwidth: number | undefined
}

/** What holds where nothing else is said. */
export const STANDARD: Settings = {
  mirror_dir: '/opt/cas-mirror',
  platforms: STANDARD_PLATFORMS,
  noarch: true,
  reuse: 'replace',
  grace: 86_400_000,
  retain: 0,
  concurrency: 32,
  bandwidth: undefined,
}

/** The variants that are published where nothing else is said. */
export const STANDARD_VARIANTS: VariantChoice = { zst: true, shards: true, bz2: 'upstream' }

/** How long to wait where nothing else is said. */
export const STANDARD_TIMEOUTS: Timeouts = { connect: 10_000, idle: 30_000 }

/** The same options, with those in place of theirs that a higher layer has. */
export function override<Options extends object>(base: Options, over: { readonly [Key in keyof Options]?: Options[Key] | undefined }): Options {
  return { ...base, ...Object.fromEntries(Object.entries(over).filter(([, value]) => value !== undefined)) }
}
