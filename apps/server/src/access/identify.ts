import { type Credential, readCredentials } from './credentials.ts'
import type { Identification, Recollection } from './identification.ts'
import { createPasswordIdentifier } from './identify-password.ts'
import { createTokenFinder } from './identify-token.ts'
import type { LoadedAccess } from './load-access.ts'
import { createTimedCache } from '../timed-cache.ts'
import type { PasswordChecker } from './password-checker.ts'

/** What somebody brings to say who they are. */
export interface Bearings {
  /** The header of that name; empty for none. */
  readonly authorization: string
  /** That of the path. */
  readonly token: string | undefined
  readonly address: string
}

/** Says who somebody is. The first credential that proves something holds; of those that prove nothing, the worst. */
export type Identify = (bearings: Bearings) => Promise<Identification>

/** Who was known is known for so many milliseconds without another look: a client that installs something asks hundreds of times a second. */
const MOMENT = 1000
const MOMENTS_KEPT = 1000

const SEVERITY = ['none', 'wrong', 'expired', 'busy', 'limited'] as const

/** Creates what says who somebody is, for one state of the files. */
export function createIdentifier(access: LoadedAccess, { recollection, checker }: { readonly recollection: Recollection; readonly checker: Pick<PasswordChecker, 'check'> }): Identify {
  const findToken = createTokenFinder(access.tokens, recollection)
  const identifyPassword = createPasswordIdentifier(access.users, { recollection, checker })

  /** A token takes no time to look at, so that a right one is taken whatever was wrong before; guessing one is hopeless. */
  function refuseToken(key: string, address: string): Identification {
    const before = recollection.recall(key)
    if (before !== undefined) return before
    return recollection.count({ address, user: undefined }).refused ?? recollection.keep(key, { status: 'wrong' })
  }

  async function identify(credential: Credential, address: string): Promise<Identification> {
    if (credential.type === 'token') return findToken(credential.token) ?? refuseToken(recollection.keyOf('token', credential.token), address)
    const { user, password } = credential
    const asToken = findToken(password === '' ? user : password)
    if (asToken !== undefined) return asToken
    return access.users.length === 0 ? refuseToken(recollection.keyOf('password', user, password), address) : await identifyPassword({ user, password, address })
  }

  async function identifyAnew({ authorization, token, address }: Bearings): Promise<Identification> {
    let worst: Exclude<Identification, { readonly status: 'known' }> = { status: 'none' }
    for (const credential of readCredentials({ headers: { authorization } }, { token })) {
      const found = await identify(credential, address)
      if (found.status === 'known') return found
      if (SEVERITY.indexOf(found.status) > SEVERITY.indexOf(worst.status)) worst = found
    }
    return worst
  }

  const moments = createTimedCache<Identification>({ lifetime: MOMENT, capacity: MOMENTS_KEPT, now: recollection.now })
  return async (bearings) => {
    const { authorization, token } = bearings
    if (authorization === '' && token === undefined) return { status: 'none' }
    const key = recollection.keyOf(authorization, token ?? '')
    const found = await moments.get(key, () => identifyAnew(bearings))
    if (found.status !== 'known') moments.forget(key)
    return found
  }
}
