import cluster from 'node:cluster'
import type { ProcessSnapshot, ServerOptions } from '@mirror/server'
import { createQuestions, isProcessMessage, type ProcessMessage } from './process-messages.ts'

/** So long the first process has to answer. */
const PATIENCE = 2000
/** So often what was counted is told without being asked for, so that little of it is lost with a process that is killed. */
const INTERVAL = 1000

/** This process as one of several. */
export interface JoinedProcess {
  readonly processes: NonNullable<ServerOptions['processes']>
  /** Tells the others what this one counts, and calls `stop` when it is to end. */
  readonly start: (describe: () => ProcessSnapshot, stop: () => void) => void
  /** Tells it for the last time. */
  readonly end: () => Promise<void>
}

/** Joins the processes that serve together; undefined for a process that is the only one, or the first. */
export function joinProcesses(): JoinedProcess | undefined {
  const { worker } = cluster
  if (!cluster.isWorker || worker === undefined) return undefined
  const own = process.env['MIRROR_PROCESS'] ?? String(worker.id)
  const questions = createQuestions<Extract<ProcessMessage, { type: 'gathered' }>['gathered']>(PATIENCE)
  const send = (message: ProcessMessage): void => {
    // A first process that is gone is told nothing: this one is about to end, too.
    if (worker.isConnected()) worker.send(message, () => undefined)
  }
  let describe: (() => ProcessSnapshot) | undefined
  let timer: NodeJS.Timeout | undefined
  const tell = (id?: number): void => {
    if (describe !== undefined) send({ type: 'described', id, snapshot: describe() })
  }
  return {
    processes: {
      own,
      async gather() {
        const gathered = await questions.ask((id) => send({ type: 'gather', id }))
        return gathered ?? { processes: describe === undefined ? [] : [describe()], ended: [] }
      },
    },
    start(describeSelf, stop) {
      describe = describeSelf
      timer = setInterval(() => tell(), INTERVAL).unref()
      process.on('message', (message: unknown) => {
        if (!isProcessMessage(message)) return
        if (message.type === 'describe') tell(message.id)
        else if (message.type === 'gathered') questions.answer(message.id, message.gathered)
        else if (message.type === 'stop') stop()
      })
      process.on('disconnect', stop)
    },
    async end() {
      clearInterval(timer)
      if (describe === undefined || !worker.isConnected()) return
      const last: ProcessMessage = { type: 'described', id: undefined, snapshot: describe() }
      await new Promise<void>((resolve) => { worker.send(last, () => resolve()) })
    },
  }
}
