/** Where text goes: a part of what `process.stdout` is. */
export interface OutputStream {
  readonly write: (text: string) => unknown
  readonly on: (event: 'error', listener: (error: Error) => void) => unknown
  readonly off: (event: 'error', listener: (error: Error) => void) => unknown
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
}

/** A stream that can break without harm. */
export interface Output extends Disposable {
  readonly write: (text: string) => void
  readonly isTerminal: boolean
  readonly width: () => number
}

/**
 * Wraps a stream so that a reader who left (`| head`) or a full disk behind it stops the text and not the work. Text is written as it is: whoever makes it
 * has hidden the secrets.
 */
export function createOutput(stream: OutputStream): Output {
  let isOpen = true
  const close = (): void => {
    isOpen = false
  }
  stream.on('error', close)
  return {
    write(text) {
      if (isOpen && text !== '') stream.write(text)
    },
    isTerminal: stream.isTTY === true,
    width: () => countColumns(stream),
    [Symbol.dispose]() {
      // Stays for a moment: a broken pipe is often told after the last write.
      setImmediate(() => stream.off('error', close)).unref()
    },
  }
}

/** How wide a stream is; 80 where it is no terminal. */
export function countColumns({ columns }: OutputStream): number {
  // A terminal that does not know its size says 0.
  return columns === undefined || columns === 0 ? 80 : columns
}
