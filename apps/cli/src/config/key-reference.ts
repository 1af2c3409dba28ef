/** A key of the configuration, as the reference page tells it. */
export interface KeyReference {
  readonly key: string
  /** What may stand there. */
  readonly takes: string
  /** What holds when it is left out, where that has to be said. */
  readonly standard?: string
  readonly meaning: string
  /** The first version of this tool that carries it out; `cas-mirror` for a key that the tool of that name had. */
  readonly since: string
}

/** Keys that belong together, as the reference page has them. */
export interface KeyGroup {
  readonly title: string
  /** What is to be said of all of them. */
  readonly text: string
  readonly keys: readonly KeyReference[]
}

/** The version that comes next. */
export const NEXT = '0.2.0'
