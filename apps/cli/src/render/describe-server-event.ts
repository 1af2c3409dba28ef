import { isMirrorError } from '@mirror/core'
import type { ServerEvent } from '@mirror/server'
import type { RunEvent } from '../events.ts'

/** What the server tells beside requests, as a notice. */
export function describeServerEvent(event: Exclude<ServerEvent, { readonly type: 'request' }>): Extract<RunEvent, { readonly type: 'notice' }> {
  switch (event.type) {
    case 'request-failed':
      return { type: 'notice', code: 'REQUEST_FAILED', message: `Cannot answer for ${event.path}: ${reasonOf(event.error)}` }
    case 'guesses-refused':
      return { type: 'notice', code: 'GUESSES_REFUSED', message: `Too many wrong tokens or passwords from ${event.client}${event.user === undefined ? '' : ` for ${JSON.stringify(event.user)}`}: refused for a while` }
    case 'renewed':
      return { type: 'notice', code: 'RENEWED', message: event.what === 'certificate' ? 'The certificate was read again, and is used from now on' : 'Tokens and users were read again, and hold from now on' }
    case 'renewal-failed':
      return { type: 'notice', code: 'RENEWAL_FAILED', message: `${reasonOf(event.error)}; ${event.what === 'certificate' ? 'the certificate' : 'what there was'} from before is still used` }
    case 'certificate-expires':
      return { type: 'notice', code: 'CERTIFICATE_EXPIRES', message: `The certificate ${JSON.stringify(event.path)} ends ${new Date(event.expires).toISOString().slice(0, 16).replace('T', ' ')} UTC: clients refuse it from then on` }
  }
}

function reasonOf(error: unknown): string {
  return isMirrorError(error) ? `${error.code}: ${error.message}` : String(error)
}
