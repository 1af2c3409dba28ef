/** Listeners on signals, of which all on one signal share what listens to it. */
export interface AbortListeners {
  /** Has `listener` called when the signal aborts, until the answered function is called. */
  readonly add: (signal: AbortSignal, listener: () => void) => () => void
}

interface Row {
  readonly listeners: Set<() => void>
  readonly tellAll: () => void
}

/** Puts one listener on each signal, however many requests wait for it: to add and remove one for each costs more than the rest of a request's bookkeeping. */
export function createAbortListeners(): AbortListeners {
  const rows = new WeakMap<AbortSignal, Row>()
  return {
    add(signal, listener) {
      const row = rows.get(signal) ?? createRow()
      rows.set(signal, row)
      const { listeners, tellAll } = row
      if (listeners.size === 0) signal.addEventListener('abort', tellAll)
      listeners.add(listener)
      return () => {
        if (listeners.delete(listener) && listeners.size === 0) signal.removeEventListener('abort', tellAll)
      }
    },
  }
}

function createRow(): Row {
  const listeners = new Set<() => void>()
  const tellAll = (): void => {
    for (const listener of listeners) listener()
  }
  return { listeners, tellAll }
}
