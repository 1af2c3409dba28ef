import { stringIn } from '../json.ts'
import { type Answer, notFound, Stop } from './refusals.ts'
import type { ApiCall } from './routes.ts'
import { createId, type State } from './state.ts'

const CREATED = '2015-06-01 12:00:00.000000+00:00'

/**
 * `POST /authentications`: a token for a name and a password. A note that exists already is 400 (the client then asks, and repeats with
 * `fail-if-exists: false`); Bearer is 401 with the text on which anaconda-client goes on to names and passwords (commands/login.py).
 */
export function logIn({ state, authorization, body }: ApiCall): Answer {
  if (authorization?.startsWith('Bearer ') === true) throw new Stop(401, 'Bearer token authentication is not enabled')
  const [login = '', password] = Buffer.from(authorization?.slice('Basic '.length) ?? '', 'base64').toString('utf8').split(/:(.*)/s)
  const expected = state.users.get(login)?.password
  if (expected === undefined || expected !== password) throw new Stop(401, 'Invalid username or password')
  const note = stringIn(body, 'note') ?? ''
  const same = [...state.tokens].find(([, token]) => token.login === login && token.note === note)
  if (same !== undefined && body['fail-if-exists'] === true) throw new Stop(400, `There is a token of the name ${note} already`)
  if (same !== undefined) state.tokens.delete(same[0])
  const token = `${login.slice(0, 2)}-${createId()}`
  state.tokens.set(token, { login, note })
  return { status: 200, json: { token } }
}

/** `DELETE /authentications`: the token that was sent is good no more. */
export function logOut({ state, authorization }: ApiCall): Answer {
  state.tokens.delete(authorization?.slice('token '.length) ?? '')
  return { status: 201, json: {} }
}

/** `GET /authentication`: what the token is. */
export function showToken({ state, authorization, login }: ApiCall): Answer {
  const token = state.tokens.get(authorization?.slice('token '.length) ?? '')
  return { status: 200, json: { application: token?.note, user: login, scopes: [] } }
}

/** `GET /user`, `GET /user/<login>`: `login`, and `created_at`, which whoami parses as a date. */
export function showUser({ state, login, segment }: ApiCall): Answer {
  const name = segment('owner') === '' ? (login ?? '') : segment('owner')
  return { status: 200, json: describeUser(state, name) }
}

/** `GET /users/<login>/orgs`, `GET /user/orgs`. */
export function showOrganizations({ state, login, segment }: ApiCall): Answer {
  const name = segment('owner') === '' ? (login ?? '') : segment('owner')
  describeUser(state, name)
  const organizations = [...state.users].filter(([, user]) => user.members?.includes(name) === true)
  return { status: 200, json: organizations.map(([organization]) => describeUser(state, organization)) }
}

function describeUser(state: State, login: string): { login: string; user_type: 'user' | 'org'; created_at: string; name: string } {
  const user = state.users.get(login) ?? notFound(login)
  return { login, user_type: user.members === undefined ? 'user' : 'org', created_at: CREATED, name: login }
}
