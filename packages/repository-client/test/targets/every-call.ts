import type { UploadTarget } from '../../src/index.ts'
import type { Flow, FlowArtifacts } from './flows.ts'
import type { SeenFile, ServerFault, ServerUnderTest, TargetSetUp } from './server-under-test.ts'
import type { Watch } from './watched-target.ts'

/** One call of a flow: the so many-th of its kind. */
export interface CallPlace {
  readonly kind: string
  readonly skip: number
}

/** A flow that is about to run against a server of its own, in the state before it. */
export interface Stage {
  readonly server: ServerUnderTest
  readonly target: UploadTarget
  readonly place: CallPlace
  /** For messages: which call, and what of it. */
  readonly at: string
  readonly misbehave: (fault: ServerFault, times?: number) => void
  readonly run: (signal?: AbortSignal) => Promise<string>
}

/** What the loops need. */
export interface EveryCallOptions {
  readonly setUp: TargetSetUp
  readonly watch: Watch
  readonly artifacts: FlowArtifacts
}

/** The state before a flow, made by another target, so that nothing is remembered. */
async function prepare(flow: Flow, { watch, artifacts }: EveryCallOptions, server: ServerUnderTest): Promise<UploadTarget> {
  await using earlier = watch.open(server)
  for (const made of flow.before(artifacts)) await earlier.upload(made)
  server.reset()
  return watch.open(server)
}

/** The calls of an honest run, in their order. */
export async function recordCalls(flow: Flow, options: EveryCallOptions): Promise<readonly CallPlace[]> {
  await using server = await options.setUp.start()
  const target = await prepare(flow, options, server)
  const outcome = await flow.run(target, options.artifacts)
  if (outcome !== flow.outcome) throw new Error(`${flow.name} came to ${outcome}`)
  const kinds = server.calls().map(String)
  if (kinds.length === 0) throw new Error(`${flow.name} made no call`)
  return kinds.map((kind, index) => ({ kind, skip: kinds.slice(0, index).filter((one) => one === kind).length }))
}

/** Runs a flow once for each of its calls, each time against a new server; `body` has to run it. */
export async function atEveryCall(flow: Flow, options: EveryCallOptions, body: (stage: Stage) => Promise<void>): Promise<void> {
  for (const place of await recordCalls(flow, options)) {
    await using server = await options.setUp.start()
    const target = await prepare(flow, options, server)
    await body({
      server, target, place, at: `${flow.name}, ${place.kind} ${place.skip + 1}`,
      misbehave: (fault, times) => server.misbehave({ ...place, fault, ...(times === undefined ? {} : { times }) }),
      run: async (signal) => await flow.run(target, options.artifacts, signal),
    })
    await target.close()
  }
}

/** Files as a server shows them. */
export function seenFiles(made: readonly { readonly path: string; readonly sha256: string }[]): readonly SeenFile[] {
  return made.map(({ path, sha256 }) => ({ path, sha256 }))
}

/** The states in which a flow that was stopped may leave the server. */
export function allowedStates(flow: Flow, artifacts: FlowArtifacts): readonly (readonly SeenFile[])[] {
  return [seenFiles(flow.before(artifacts)), seenFiles(flow.after(artifacts)), ...(flow.mayVanish ? [[]] : [])]
}
