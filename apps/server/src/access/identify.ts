import type { Credential } from './credentials.ts'
import type { Identification, Recollection } from './identification.ts'
import { createPasswordIdentifier } from './identify-password.ts'
import { createTokenFinder } from './identify-token.ts'
import type { LoadedAccess } from './load-access.ts'
import type { PasswordChecker } from './password-checker.ts'

/** Says who somebody is. The first credential that proves something holds; of those that prove nothing, the worst. */
export type Identify = (credentials: readonly Credential[], address: string) => Promise<Identification>

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

  return async (credentials, address) => {
    let worst: Exclude<Identification, { readonly status: 'known' }> = { status: 'none' }
    for (const credential of credentials) {
      const found = await identify(credential, address)
      if (found.status === 'known') return found
      if (SEVERITY.indexOf(found.status) > SEVERITY.indexOf(worst.status)) worst = found
    }
    return worst
  }
}
