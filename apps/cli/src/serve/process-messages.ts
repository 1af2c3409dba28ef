import { addCounts, type GatheredProcesses, type ProcessSnapshot } from '@mirror/server'

/** What processes that serve together tell each other. */
export type ProcessMessage =
  /** To a process: tell what you know. */
  | { readonly type: 'describe'; readonly id: number }
  /** From a process: asked for, or, without an id, from time to time and at its end. */
  | { readonly type: 'described'; readonly id: number | undefined; readonly snapshot: ProcessSnapshot }
  /** From a process: what do all know? */
  | { readonly type: 'gather'; readonly id: number }
  | { readonly type: 'gathered'; readonly id: number; readonly gathered: GatheredProcesses }
  /** To a process: answer what was asked, and end. */
  | { readonly type: 'stop' }

const TYPES: readonly unknown[] = ['describe', 'described', 'gather', 'gathered', 'stop']

/** A message of ours: both sides are the same program, started by one another. */
export function isProcessMessage(message: unknown): message is ProcessMessage {
  return typeof message === 'object' && message !== null && 'type' in message && TYPES.includes(message.type)
}

/** The counts of what has ended. */
export function createEndedCounts(): { readonly add: (snapshot: ProcessSnapshot) => void; readonly read: () => GatheredProcesses['ended'] } {
  let sum: GatheredProcesses['ended'] = []
  return {
    add({ counts }) {
      sum = addCounts([sum, counts])
    },
    read: () => sum,
  }
}

/** Questions that wait for their answers, for so many milliseconds. */
export interface Questions<Answer> {
  readonly ask: (send: (id: number) => void) => Promise<Answer | undefined>
  readonly answer: (id: number, answer: Answer) => void
}

/** Creates questions; who is not answered in time gets undefined. */
export function createQuestions<Answer>(patience: number): Questions<Answer> {
  const waiting = new Map<number, (answer: Answer | undefined) => void>()
  let last = 0
  return {
    ask: (send) => new Promise((resolve) => {
      last += 1
      const id = last
      const done = (answer: Answer | undefined): void => {
        clearTimeout(timer)
        waiting.delete(id)
        resolve(answer)
      }
      const timer = setTimeout(() => done(undefined), patience)
      waiting.set(id, done)
      send(id)
    }),
    answer: (id, answer) => waiting.get(id)?.(answer),
  }
}
