/** Runs actions of one name one after the other, and those of different names at once. Remembers nothing of names that are at rest. */
export function createTurns(): <T>(name: string, run: () => Promise<T>) => Promise<T> {
  const running = new Map<string, Promise<unknown>>()
  return async (name, run) => {
    for (let before = running.get(name); before !== undefined; before = running.get(name)) await before.catch(() => undefined)
    const promise = run()
    running.set(name, promise)
    try {
      return await promise
    } finally {
      running.delete(name)
    }
  }
}
