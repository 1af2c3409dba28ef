import type { IncomingMessage } from 'node:http'
import type { RequestPath } from '../request-path.ts'

/** What a request says of who asks. */
export type Credential =
  | { readonly type: 'token'; readonly token: string }
  | { readonly type: 'password'; readonly user: string; readonly password: string }

/**
 * What a request brings to identify itself, in the order in which it is looked at: the token of its path (`/t/<token>/`, conda), `Authorization: Bearer <token>` and `token <token>`
 * (RFC 6750, rattler; anaconda-client), `Basic` with a user and a password (RFC 7617), of which either may be a token: `<anything>:<token>`, as what knows passwords alone has to send it,
 * and `<token>:`. What cannot be read counts as nothing.
 */
export function readCredentials({ headers }: Pick<IncomingMessage, 'headers'>, path: Pick<RequestPath, 'token'> | undefined): readonly Credential[] {
  const own = path?.token === undefined ? [] : [{ type: 'token', token: path.token } as const]
  return [...own, ...readHeader(headers.authorization ?? '')]
}

function readHeader(header: string): readonly Credential[] {
  const { scheme = '', value = '' } = /^(?<scheme>[a-z]+) +(?<value>[A-Za-z0-9._~+/-]+=*) *$/i.exec(header)?.groups ?? {}
  switch (scheme.toLowerCase()) {
    case 'bearer':
    case 'token':
      return [{ type: 'token', token: value }]
    case 'basic':
      return readBasic(Buffer.from(value, 'base64'))
    default:
      return []
  }
}

/** A name ends at the first colon, so that none is in it; a password may have some. */
function readBasic(bytes: Buffer): readonly Credential[] {
  const text = decodeText(bytes)
  const colon = text.indexOf(':')
  // oxlint-disable-next-line no-control-regex
  if (colon < 0 || /[\u0000-\u001f\u007f]/.test(text)) return []
  return [{ type: 'password', user: text.slice(0, colon), password: text.slice(colon + 1) }]
}

/** UTF-8, as we ask for it; Python's requests, and with it conda, sends Latin-1. */
function decodeText(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return bytes.toString('latin1')
  }
}
