import { resolveSubdirUrl, type SubdirName } from '@mirror/core'
import type { ClientContext } from './client-context.ts'
import { TransientFailure } from './failure.ts'
import { variantFile } from './variants.ts'

/** What is asked about. */
export interface DocumentLengthOptions {
  readonly subdir: SubdirName
  readonly signal: AbortSignal | undefined
}

/**
 * How long upstream's `repodata.json` is, without fetching it; undefined where there is none or the server does not tell. Servers that compress on the way tell another
 * length only with a `Content-Encoding`, which was not asked for and is not believed.
 */
export async function fetchDocumentLength({ channel, exchange, metadata }: ClientContext, { subdir, signal }: DocumentLengthOptions): Promise<number | undefined> {
  const url = `${resolveSubdirUrl(channel, subdir)}${variantFile('json')}`
  try {
    const { status, header, length, body } = await exchange.send({ method: 'HEAD', url, transport: metadata, signal, headers: { 'accept-encoding': 'identity' } })
    body.drain()
    const encoding = header('content-encoding') ?? 'identity'
    return status === 200 && encoding === 'identity' ? length : undefined
  } catch (error) {
    // It is a second opinion: a server that does not give it does not stop the run.
    if (error instanceof TransientFailure) return undefined
    throw error
  }
}
