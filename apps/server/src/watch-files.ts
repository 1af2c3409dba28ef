import { stat } from 'node:fs/promises'

/** What `watchFiles` needs. */
export interface WatchOptions {
  /** Milliseconds between two looks. */
  readonly interval: number
  /** Called when something changed and was the same at two looks: a pair of files that is being replaced is not taken apart. The next look follows its end. */
  readonly onChange: () => Promise<void>
  /** Called after each look, changed or not. */
  readonly onLook?: () => void
}

/** A watch over files. */
export interface FileWatch extends Disposable {
  /** From now on these, as they are: to be called before they are read. */
  readonly note: (paths: readonly string[]) => Promise<void>
  /** Begins to look. */
  readonly start: () => void
}

/**
 * Looks at files again and again: at what their names lead to and at times, not at bytes. Kubernetes and certbot replace links, editors replace files, and network file systems tell of
 * neither, so that nothing but looking finds them all. Holds no process alive.
 */
export function watchFiles({ interval, onChange, onLook }: WatchOptions): FileWatch {
  let watched: readonly string[] = []
  let known = ''
  let last = ''
  let timer: NodeJS.Timeout | undefined
  let isStopped = false

  async function look(): Promise<void> {
    const seen = await describeFiles(watched)
    const isSettled = seen === last
    last = seen
    if (isSettled && seen !== known) {
      known = seen
      await onChange()
    }
    onLook?.()
  }

  const wait = (): void => {
    if (!isStopped) timer = setTimeout(() => void look().then(wait), interval).unref()
  }
  return {
    async note(paths) {
      watched = paths
      known = await describeFiles(paths)
      last = known
    },
    start: wait,
    [Symbol.dispose]() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

async function describeFiles(paths: readonly string[]): Promise<string> {
  const found = await Promise.all(paths.map(async (path) => {
    const status = await stat(path, { bigint: true }).catch(() => undefined)
    return status === undefined ? `${path}: none` : `${path}: ${status.dev} ${status.ino} ${status.size} ${status.mtimeNs} ${status.ctimeNs}`
  }))
  return found.join('\n')
}
