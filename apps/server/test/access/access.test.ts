import { describe, expect, test } from 'vitest'
import { createToken } from '../../src/access/token-file.ts'
import { basic, createAccessWorld, keep } from './access-support.ts'

const TEAM = createToken({ name: 'team-ci' })
const GUEST = createToken({ name: 'guest', channels: ['shared'] })
const OLD = createToken({ name: 'old', expires: '2026-06-14' })
const LAST_DAY = createToken({ name: 'last-day', expires: '2026-06-15' })

const WORLD = {
  rules: [
    { channels: ['open/label/secret'], files: ['/team'] },
    { channels: ['open'], isPublic: true },
    { channels: ['team-a', 'shared'], files: ['/team', '/users'] },
    { channels: ['team-b'], files: ['/users'], users: ['bob'] },
  ],
  tokens: { '/team': [TEAM, GUEST, OLD, LAST_DAY].map(({ line }) => line).join('\n') },
  htpasswd: { '/users': `ann:${keep('a:nn')}\nbob:${keep('bob')}` },
}
const ANN = { authorization: basic('ann', 'a:nn') }
const BOB = { authorization: basic('bob', 'bob') }
const bearer = (token: string): { readonly authorization: string } => ({ authorization: `Bearer ${token}` })

describe('decide()', () => {
  test.for([
    ['a public file needs nothing', '/open/noarch/repodata.json', {}, 200], ['and pays no attention to what is sent', '/open/noarch/repodata.json', bearer('wrong'), 200], ['nor to a token of the path', '/t/wrong/open/noarch/repodata.json', {}, 200],
    ['a page of a public channel', '/open/', {}, 200], ['but who says who they are has to be right', '/open/', bearer('wrong'), 401],
    ['the first rule decides', '/open/label/secret/noarch/repodata.json', {}, 401], ['and lets in whom it names', '/open/label/secret/noarch/repodata.json', bearer(TEAM.token), 200],
    ['nothing given', '/team-a/noarch/repodata.json', {}, 401], ['a token', '/team-a/noarch/repodata.json', bearer(TEAM.token), 200], ['a token in the path', `/t/${TEAM.token}/team-a/noarch/repodata.json`, {}, 200],
    ['a token as anaconda-client sends it', '/team-a/x', { authorization: `token ${TEAM.token}` }, 200], ['a token as password', '/team-a/x', { authorization: basic('whoever', TEAM.token) }, 200],
    ['a token as user', '/team-a/x', { authorization: basic(TEAM.token, '') }, 200], ['a token as user with a password', '/team-a/x', { authorization: basic(TEAM.token, 'x') }, 401],
    ['a wrong token in the path, a right one in the header', '/t/wrong/team-a/x', bearer(TEAM.token), 200], ['a token with more behind it', '/team-a/x', bearer(`${TEAM.token}0`), 401], ['the hash of a token', '/team-a/x', bearer(TEAM.line.split('sha256:')[1] ?? ''), 401],
    ['a token whose last day was yesterday', '/team-a/x', bearer(OLD.token), 401], ['one whose last day is today', '/team-a/x', bearer(LAST_DAY.token), 200],
    ['a token for other channels', '/team-a/x', bearer(GUEST.token), 403], ['the same where it is for', '/shared/x', bearer(GUEST.token), 200],
    ['a user, with a colon in the password', '/team-a/x', ANN, 200], ['a wrong password', '/team-a/x', { authorization: basic('ann', 'bob') }, 401], ['no password', '/team-a/x', { authorization: basic('ann', '') }, 401], ['a user that is none', '/team-a/x', { authorization: basic('eve', 'a:nn') }, 401],
    ['a name ends at the first colon', '/team-a/x', { authorization: basic('ann:a', 'nn') }, 200], ['so that a name with one is nobody', '/team-a/x', { authorization: basic('ann:a:nn', '') }, 401],
    ['a user that the rule names', '/team-b/x', BOB, 200], ['one that it does not', '/team-b/x', ANN, 403], ['a token where users are meant', '/team-b/x', bearer(TEAM.token), 403],
    ['what no rule is about', '/other/x', {}, 401], ['is for nobody', '/other/x', bearer(TEAM.token), 403], ['written otherwise', '/TEAM-A/x', {}, 401],
    ['a snapshot is as its channel', '/snapshots/q1/team-a/x', {}, 401], ['for those who may', '/snapshots/q1/team-a/x', ANN, 200], ['and for those who may not', '/snapshots/q1/team-b/x', ANN, 403], ['a public snapshot', '/snapshots/q1/open/x', {}, 200],
    ['what is below a channel for people', '/team-a/-/history', {}, 401], ['for those who may', '/team-a/-/history', ANN, 200],
    ['all channels', '/', {}, 200], ['all snapshots', '/snapshots/q1/', {}, 200], ['search', '/-/search', {}, 200], ['with a wrong token', '/-/search', bearer('wrong'), 401], ['style', '/-/style.css', bearer('wrong'), 200],
    ['signing in', '/?sign-in', {}, 401], ['signed in', '/?sign-in', ANN, 200], ['signing in among others', '/open/?a=b&sign-in=1', {}, 401], ['something that ends like it', '/open/?no-sign-in', {}, 200],
    ['what can be nothing', '/../x', {}, 200],
  ] as const)('%s: %s', async ([, path, more, status]) => {
    const decision = await createAccessWorld(WORLD).ask(path, more)
    expect(decision.status === 'allowed' ? 200 : decision.code).toBe(status)
  })

  test('what is public is public for caches, and what is not is not', async () => {
    const { ask } = createAccessWorld(WORLD)
    expect(await ask('/open/noarch/a.conda', ANN)).toMatchObject({ isPublic: true, caller: { name: undefined, maySignIn: true } })
    expect(await ask('/open/')).toMatchObject({ isPublic: false })
    expect(await ask('/team-a/noarch/a.conda', ANN)).toMatchObject({ isPublic: false, caller: { name: 'ann', maySignIn: false } })
  })

  test('a caller sees the channels that they may read, and no others', async () => {
    const { ask } = createAccessWorld(WORLD)
    const folders = ['', 'open', 'open/label/secret', 'team-a', 'team-b', 'shared', 'other']
    const seen = async (more: object): Promise<readonly string[]> => {
      const decision = await ask('/', more)
      return decision.status === 'allowed' ? folders.filter((folder) => decision.caller.canSee(folder)) : ['refused']
    }
    expect(await seen({})).toEqual(['open'])
    expect(await seen(ANN)).toEqual(['open', 'team-a', 'shared'])
    expect(await seen(BOB)).toEqual(['open', 'team-a', 'team-b', 'shared'])
    expect(await seen(bearer(GUEST.token))).toEqual(['open', 'shared'])
    expect(await seen(bearer(TEAM.token))).toEqual(['open', 'open/label/secret', 'team-a', 'shared'])
    expect((await createAccessWorld({ rules: [{ channels: ['*'], isPublic: true }] }).access.identify({ request: { headers: {} }, path: undefined, client: { address: '', isForwarded: false } })).canSee('')).toBe(true)
  })

  test('no answer tells whether there is a channel: what is covered is answered alike, whatever lies there', async () => {
    const { ask } = createAccessWorld(WORLD)
    const [known, unknown] = [await ask('/team-b/x', ANN), await ask('/no-such-channel/x', ANN)]
    expect(known).toEqual(unknown)
    expect(await ask('/team-b/x')).toEqual(await ask('/no-such-channel/x'))
  })

  test('401 names both ways to say who one is; where nobody can, it is a 404', async () => {
    const decision = await createAccessWorld(WORLD).ask('/team-a/x')
    expect(decision).toEqual({ status: 'refused', code: 401, text: 'A token or password is needed', challenges: ['Basic realm="mirror", charset="UTF-8"', 'Bearer realm="mirror"'] })
    expect(await createAccessWorld({ rules: [{ channels: ['open'], isPublic: true }] }).ask('/other/x')).toEqual({ status: 'refused', code: 404, text: 'Not found' })
  })

  test('the same name in two files is who the right password says', async () => {
    const files = { '/one': `ann:${keep('one')}`, '/two': `ann:${keep('two')}` }
    const { ask } = createAccessWorld({ rules: [{ channels: ['a'], files: ['/one'] }, { channels: ['b'], files: ['/two'] }], htpasswd: files })
    const codes = async (password: string): Promise<unknown> => await Promise.all(['/a/x', '/b/x'].map(async (path) => (await ask(path, { authorization: basic('ann', password) })).status))
    expect(await codes('one')).toEqual(['allowed', 'refused'])
    expect(await codes('two')).toEqual(['refused', 'allowed'])
  })

  test('renewed rules hold at once, and what was remembered is forgotten', async () => {
    const { ask, renew, compared } = createAccessWorld(WORLD)
    expect(await ask('/team-a/x', ANN)).toMatchObject({ status: 'allowed' })
    renew({ ...WORLD, htpasswd: { '/users': `ann:${keep('changed')}` } })
    expect(await ask('/team-a/x', ANN)).toMatchObject({ code: 401 })
    expect(await ask('/team-a/x', { authorization: basic('ann', 'changed') })).toMatchObject({ status: 'allowed' })
    expect(compared.length).toBe(3)
    renew(undefined)
    expect(await ask('/team-a/x')).toMatchObject({ status: 'allowed', isPublic: true })
  })
})

describe('passwords', () => {
  test('one that is right is compared once in ten minutes, however many bring it', async () => {
    const { ask, compared, clock } = createAccessWorld(WORLD)
    const decisions = await Promise.all(Array.from({ length: 100 }, async () => await ask('/team-a/x', ANN)))
    expect(decisions.every(({ status }) => status === 'allowed')).toBe(true)
    expect(compared.length).toBe(1)
    clock.now += 599_999
    await ask('/team-a/x', ANN)
    expect(compared.length).toBe(1)
    clock.now += 1000
    await ask('/team-a/x', ANN)
    expect(compared.length).toBe(2)
  })

  test('a name that nobody has takes the same comparison, of the same cost, and is never let in', async () => {
    const { ask, compared } = createAccessWorld(WORLD, { check: async () => true })
    expect(await ask('/team-a/x', { authorization: basic('eve', 'guess') })).toMatchObject({ code: 401 })
    expect(await ask('/team-a/x', { authorization: basic('ann', 'guess') })).toMatchObject({ status: 'allowed' })
    expect(compared.map(([password, hash]) => [password, hash.slice(0, 7), hash.length])).toEqual([['guess', '$2b$04$', 60], ['guess', '$2b$04$', 60]])
  })

  test('a wrong one that is sent again and again is one guess, and one comparison', async () => {
    const { ask, compared } = createAccessWorld(WORLD)
    const wrong = { authorization: basic('ann', 'last year') }
    for (let time = 0; time < 1000; time += 1) expect(await ask('/team-a/x', wrong)).toMatchObject({ code: 401 })
    expect(compared.length).toBe(1)
    expect(await ask('/team-a/x', ANN)).toMatchObject({ status: 'allowed' })
  })

  test('after ten guesses nothing is compared for an address, not even what is right; who is known goes on, and so do others', async () => {
    const { ask, compared, events, clock } = createAccessWorld(WORLD)
    expect(await ask('/team-a/x', BOB)).toMatchObject({ status: 'allowed' })
    const codes = new Map<number, number>()
    for (let time = 0; time < 10_000; time += 1) {
      const decision = await ask('/team-a/x', { authorization: basic('ann', `guess ${time}`) })
      const code = decision.status === 'refused' ? decision.code : 200
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }
    expect([...codes]).toEqual([[401, 10], [429, 9990]])
    expect(compared.length).toBe(11)
    expect(await ask('/team-a/x', ANN)).toMatchObject({ code: 429, seconds: 300 })
    expect(await ask('/team-a/x', BOB)).toMatchObject({ status: 'allowed' })
    expect(await ask('/team-a/x', bearer(TEAM.token))).toMatchObject({ status: 'allowed' })
    expect(await ask('/team-a/x', { ...ANN, address: '192.0.2.2' })).toMatchObject({ status: 'allowed' })
    expect(events).toEqual([{ type: 'guesses-refused', client: '192.0.2.1', user: 'ann' }])
    clock.now += 300_000
    expect(await ask('/team-a/x', { authorization: basic('bob', 'other') })).toMatchObject({ code: 401 })
  })

  test('what somebody typed for a name, which may be a password, is told nobody', async () => {
    const { ask, events } = createAccessWorld(WORLD)
    for (let time = 0; time < 12; time += 1) await ask('/team-a/x', { authorization: basic(`my-password-${time}`, 'x') })
    expect(events).toEqual([{ type: 'guesses-refused', client: '192.0.2.1', user: undefined }])
  })

  test('when too many wait, who comes is asked to come again, and it is no guess', async () => {
    const { ask } = createAccessWorld(WORLD, { check: () => undefined })
    for (let time = 0; time < 20; time += 1) expect(await ask('/team-a/x', { authorization: basic('ann', `x${time}`) })).toEqual({ status: 'refused', code: 503, text: 'Busy', seconds: 2 })
  })

  test('a comparison that fails is no verdict', async () => {
    let fails = true
    const { ask } = createAccessWorld(WORLD, { check: async () => { if (fails) throw new Error('gone'); return true } })
    await expect(ask('/team-a/x', ANN)).rejects.toThrow('gone')
    fails = false
    expect(await ask('/team-a/x', ANN)).toMatchObject({ status: 'allowed' })
  })
})

test('tokens: ten wrong ones of an address, then 429; a right one is always taken, and an expired one is no guess', async () => {
  const { ask } = createAccessWorld(WORLD)
  for (let time = 0; time < 50; time += 1) expect(await ask('/team-a/x', bearer(OLD.token))).toMatchObject({ code: 401, text: 'The token has expired' })
  const codes = []
  for (let time = 0; time < 12; time += 1) {
    const decision = await ask('/team-a/x', bearer(`guess-${time}`))
    codes.push(decision.status === 'refused' ? decision.code : 200)
  }
  expect(codes).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429])
  expect(await ask('/team-a/x', bearer(TEAM.token))).toMatchObject({ status: 'allowed' })
  expect(await ask('/-/search', bearer('another'))).toMatchObject({ code: 429 })
})
