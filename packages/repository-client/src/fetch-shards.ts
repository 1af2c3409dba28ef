import type { SubdirName } from '@mirror/core'
import type { ClientContext } from './client-context.ts'
import type { FetchIndexResult } from './fetch-index.ts'
import type { IndexValidators } from './variants.ts'

export async function fetchShards(_context: ClientContext, _request: { readonly subdir: SubdirName; readonly validators: IndexValidators; readonly signal: AbortSignal | undefined }): Promise<FetchIndexResult> {
  return { status: 'absent' }
}
