import type { ServerEvent } from './events.ts'
import { watchFiles } from './watch-files.ts'

/** A part of the settings that stands in files. */
export interface SettingsPart<Settings> extends Disposable {
  /** Reads the files. What they say holds when the answer is called. Throws what reading them throws. */
  readonly load: (settings: Settings) => Promise<() => void>
  /** After a `load` of any part that failed: looks at the files from before. */
  readonly keep: () => Promise<void>
  /** Begins to look whether files changed: then they are read again, and hold if they can be used. */
  readonly start: () => void
}

/** What `createSettingsPart` needs. */
export interface SettingsPartOptions<Settings, Value> {
  readonly what: 'certificate' | 'access'
  readonly listFiles: (settings: Settings) => readonly string[]
  readonly read: (settings: Settings) => Promise<Value>
  readonly use: (value: Value, settings: Settings) => void
  /** Milliseconds between two looks. */
  readonly interval: number
  readonly onLook?: () => void
  readonly observe: (event: ServerEvent) => void
}

/** Creates a part of the settings, of which nothing is read yet. */
export function createSettingsPart<Settings, Value>({ what, listFiles, read, use, observe, ...options }: SettingsPartOptions<Settings, Value>): SettingsPart<Settings> {
  let current: Settings | undefined

  async function readAgain(): Promise<void> {
    if (current === undefined) return
    try {
      use(await read(current), current)
      observe({ type: 'renewed', what })
    } catch (error) {
      observe({ type: 'renewal-failed', what, error })
    }
  }

  const watch = watchFiles({ ...options, onChange: readAgain })
  return {
    async load(settings) {
      // Noted before they are read, so that no change is missed between.
      await watch.note(listFiles(settings))
      const value = await read(settings)
      return () => {
        current = settings
        use(value, settings)
      }
    },
    keep: async () => await watch.note(current === undefined ? [] : listFiles(current)),
    start: watch.start,
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  }
}
