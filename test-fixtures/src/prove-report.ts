/** What a family found: what `tools/prove` reads from the last line. */
export interface Found {
  points: number
  failed: number
  readonly findings: string[]
  readonly notes: string[]
}

/** What a script of `tools/prove` is given. */
export interface Given {
  readonly quick: boolean
  /** About how long it may take. */
  readonly seconds: number
  /** Empty, removed afterwards. */
  readonly folder: string
  readonly seed: number
}

/** Reads what `tools/prove` gives; without it, a quick run. */
export function readGiven(text: string | undefined): Given {
  const given: Partial<Given> = text === undefined ? {} : JSON.parse(text)
  return { quick: true, seconds: 60, folder: process.env['TMPDIR'] ?? '/tmp', seed: 1, ...given }
}

/** Starts counting. */
export function createFound(): Found {
  return { points: 0, failed: 0, findings: [], notes: [] }
}

/** Adds what a sweep found, with a note. */
export function addSweep(found: Found, name: string, { points, bad }: { readonly points: number; readonly bad: readonly string[] }): void {
  found.points += points
  const wrong = points === 0 ? [...bad, 'checked nothing'] : bad
  found.failed += wrong.length
  found.findings.push(...wrong.map((problem) => `${name}: ${problem}`))
  found.notes.push(`${name}: ${points} points, ${wrong.length} faults`)
}

/** Tells `tools/prove`: the last line. */
export function printFound(found: Found | { readonly skipped: string }): void {
  process.stdout.write(`${JSON.stringify({ prove: found })}\n`)
}
