import type { Digest } from '@mirror/core'
import type { ClientContext } from './client-context.ts'
import { type Answer, refusal } from './exchange.ts'
import { readError } from './failure.ts'
import { fetchBytesOverHttp, type FetchArtifactOptions, type FetchedArtifact } from './fetch-artifact.ts'
import { assertFilePath } from './fetch-file.ts'
import { retryFetch } from './retry-fetch.ts'

/** A file of upstream that is neither index nor artifact, such as an installer, of which a list of upstream told the digest. */
export interface PlainFile {
  /** From the channel's root. */
  readonly path: string
  readonly size: number
  readonly digest: Digest
}

/** Options of `fetchPlain`: those of `fetchArtifact` without a base. */
export type FetchPlainOptions = Omit<FetchArtifactOptions, 'baseUrl'>

/** Fetches a plain file. See `RepositoryClient.fetchPlain`. */
export async function fetchPlainOverHttp(context: ClientContext, file: PlainFile, options: FetchPlainOptions): Promise<FetchedArtifact> {
  assertFilePath(file.path)
  return await fetchBytesOverHttp({ context, artifact: file, url: urlOf(context, file.path), options })
}

/** Options of `fetchSize`. */
export interface FetchSizeOptions {
  readonly signal?: AbortSignal
}

/** Asks how long a plain file is. See `RepositoryClient.fetchSize`. */
export async function fetchSizeOverHttp(context: ClientContext, path: string, { signal }: FetchSizeOptions): Promise<number | undefined> {
  assertFilePath(path)
  const url = urlOf(context, path)
  return await retryFetch(context, { url, what: path, signal }, async () => {
    const asked = await context.exchange.send({ method: 'HEAD', url, transport: context.metadata, signal })
    if (asked.status !== 405 && asked.status !== 501) return lengthOf(asked)
    asked.body.drain()
    return lengthOf(await context.exchange.send({ url, transport: context.bulk, signal }))
  })
}

function lengthOf(answer: Answer): number | undefined {
  const { status, header, body, length, shown } = answer
  body.stop()
  if (status === 200) return (header('content-encoding') ?? 'identity') === 'identity' ? length : undefined
  if (status !== 404 && status !== 410) throw refusal(answer)
  throw readError('ARTIFACT_MISSING', `Cannot fetch ${shown()}: upstream lists it and answers ${status}`, {
    hint: 'The list and the files of upstream are of different moments; it is usually mended within hours.', details: { status },
  })
}

function urlOf({ channel }: ClientContext, path: string): string {
  return `${channel.url}/${path}`
}
