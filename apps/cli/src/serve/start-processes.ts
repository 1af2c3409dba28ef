import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { ProcessSnapshot } from '@mirror/server'
import { createEndedCounts, createQuestions, isProcessMessage, type ProcessMessage, type Questions } from './process-messages.ts'

/** So long a process has to say what it knows; otherwise it is what it said last. */
const PATIENCE = 1000
/** A process that ended so soon is not started again at once. */
const SOON = 5000
const PAUSE = 1000

/** Several processes that serve together. */
export interface Processes {
  readonly host: string
  readonly port: number
  /** Passes a signal to each of them. */
  readonly signal: (signal: NodeJS.Signals) => void
  /** Lets them answer what was asked, and waits for their end; who takes longer than `patience` milliseconds is ended. */
  readonly close: (patience: number) => Promise<void>
}

/** What `startProcesses` needs. */
export interface ProcessesOptions {
  readonly count: number
  /** Told of a process that ended by itself, and is started again. `why` is its exit code or the signal that ended it. */
  readonly onEnd: (name: string, why: string) => void
}

interface Member {
  readonly name: string
  readonly worker: Worker
  readonly started: number
  last: ProcessSnapshot | undefined
}

/**
 * Starts this very program as several processes, which share one address, and starts those again that end. Connections are handed to them in turn. Resolves to the exit code of the first
 * one when it ended before it listened: it has said why.
 */
export async function startProcesses({ count, onEnd }: ProcessesOptions): Promise<Processes | number> {
  cluster.schedulingPolicy = cluster.SCHED_RR
  const group = createGroup(onEnd)
  const first = group.start('1')
  const address = await Promise.race([
    once(first, 'listening').then(([found]: { readonly address?: string | null; readonly port: number }[]) => found),
    once(first, 'exit').then(([code]: (number | null)[]) => code ?? 1),
  ])
  if (typeof address === 'number' || address === undefined) return address ?? 1
  group.keepUp()
  for (let at = 2; at <= count; at += 1) group.start(String(at))
  return { host: address.address ?? '::', port: address.port, signal: group.signal, close: group.close }
}

interface Group extends Pick<Processes, 'signal' | 'close'> {
  readonly start: (name: string) => Worker
  /** From now on, who ends is started again. */
  readonly keepUp: () => void
}

/** What the members of a group are, were, and are asked. */
interface Roll {
  readonly members: Map<number, Member>
  readonly ended: ReturnType<typeof createEndedCounts>
  readonly questions: Questions<ProcessSnapshot>
  isKept: boolean
  readonly onEnd: ProcessesOptions['onEnd']
}

function createGroup(onEnd: ProcessesOptions['onEnd']): Group {
  const roll: Roll = { members: new Map(), ended: createEndedCounts(), questions: createQuestions(PATIENCE), isKept: false, onEnd }
  return {
    start: (name) => startMember(roll, name),
    keepUp() {
      roll.isKept = true
    },
    signal(signal) {
      for (const { worker } of roll.members.values()) worker.process.kill(signal)
    },
    close: async (patience) => await closeGroup(roll, patience),
  }
}

function startMember(roll: Roll, name: string): Worker {
  const worker = cluster.fork({ MIRROR_PROCESS: name })
  const member: Member = { name, worker, started: performance.now(), last: undefined }
  roll.members.set(worker.id, member)
  worker.on('message', (message: unknown) => {
    if (isProcessMessage(message)) take(roll, member, message)
  })
  // A message to one that is just ending.
  worker.on('error', () => undefined)
  worker.once('exit', (code, signal) => leave(roll, member, signal ?? String(code)))
  return worker
}

function take(roll: Roll, member: Member, message: ProcessMessage): void {
  if (message.type === 'gather') void gather(roll, member, message.id)
  if (message.type !== 'described') return
  member.last = message.snapshot
  if (message.id !== undefined) roll.questions.answer(message.id, message.snapshot)
}

async function gather({ members, questions, ended }: Roll, { worker }: Member, id: number): Promise<void> {
  const told = await Promise.all([...members.values()].map(async (member) => await questions.ask((question) => send(member.worker, { type: 'describe', id: question })) ?? member.last))
  send(worker, { type: 'gathered', id, gathered: { processes: told.filter((snapshot) => snapshot !== undefined), ended: ended.read() } })
}

function leave(roll: Roll, { name, worker, last, started }: Member, why: string): void {
  roll.members.delete(worker.id)
  if (last !== undefined) roll.ended.add(last)
  if (!roll.isKept) return
  roll.onEnd(name, why)
  setTimeout(() => {
    if (roll.isKept) startMember(roll, name)
  }, performance.now() - started < SOON ? PAUSE : 0)
}

async function closeGroup(roll: Roll, patience: number): Promise<void> {
  roll.isKept = false
  const timer = setTimeout(() => {
    for (const { worker } of roll.members.values()) worker.process.kill('SIGKILL')
  }, patience)
  await Promise.all([...roll.members.values()].map(async ({ worker }) => {
    const gone = worker.isDead() ? undefined : once(worker, 'exit')
    send(worker, { type: 'stop' })
    await gone
  }))
  clearTimeout(timer)
}

function send(worker: Worker, message: ProcessMessage): void {
  if (worker.isConnected()) worker.send(message, () => undefined)
}
