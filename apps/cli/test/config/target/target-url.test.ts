import { isMirrorError } from '@mirror/core'
import fc from 'fast-check'
import { test } from 'vitest'
import { parseTargetUrl, TARGET_KINDS } from '../../../src/config/target/target-url.ts'

function refusal(text: string): string {
  try {
    return `no error: ${JSON.stringify(parseTargetUrl(text))}`
  } catch (error) {
    if (!isMirrorError(error)) throw error
    return `${error.code}: ${error.message}\nhint: ${error.hint}`
  }
}

test.for([
  ['quetz+https://quetz.example/team', { kind: 'quetz', url: 'https://quetz.example', channel: 'team' }],
  ['QUETZ+HTTPS://Quetz.Example:443/base/Team/', { kind: 'quetz', url: 'https://quetz.example/base', channel: 'Team' }],
  ['prefix+https://prefix.dev/my-channel', { kind: 'prefix', url: 'https://prefix.dev', channel: 'my-channel' }],
  ['artifactory+https://a.example:8443/artifactory/conda-local', { kind: 'artifactory', url: 'https://a.example:8443/artifactory', channel: 'conda-local' }],
  ['anaconda+https://api.anaconda.org/eggs', { kind: 'anaconda', url: 'https://api.anaconda.org', channel: 'eggs' }],
  ['anaconda+http://127.0.0.1:8080/api/eggs', { kind: 'anaconda', url: 'http://127.0.0.1:8080/api', channel: 'eggs' }],
  ['anaconda6+http://[::1]:8080/api/repo/main', { kind: 'anaconda6', url: 'http://[::1]:8080/api/repo', channel: 'main' }],
  ['anaconda6+https://a.example/api/repo/team%2Fdev', { kind: 'anaconda6', url: 'https://a.example/api/repo', channel: 'team/dev' }],
] as const)('parseTargetUrl() reads %s', ([text, target], { expect }) => {
  expect(parseTargetUrl(text)).toEqual({ ...target, warning: undefined })
})

test('parseTargetUrl() warns of a server that is reached without encryption, unless it is this machine', ({ expect }) => {
  expect(parseTargetUrl('quetz+http://quetz.example/team').warning).toBe('http://quetz.example is not encrypted: whoever is on the way can read the secret that is sent')
  for (const host of ['localhost', '127.1.2.3', '[::1]', 'x.localhost']) expect(parseTargetUrl(`quetz+http://${host}:1/team`).warning).toBeUndefined()
  expect(parseTargetUrl('quetz+http://127.example/team').warning).toBeDefined()
})

test.for([
  ['https://quetz.example/team', 'it does not begin with the kind of server and its URL\nhint: Write KIND+https://HOST/CHANNEL. The kinds are quetz, prefix, artifactory, anaconda, anaconda6.'],
  ['quetz.example/team', 'it does not begin with the kind'],
  ['quetz+ftp://quetz.example/team', 'it does not begin with the kind'],
  ['', 'it does not begin with the kind'],
  ['queez+https://quetz.example/team', '"queez" is no kind of server\nhint: Did you mean quetz? The kinds are'],
  ['nexus+https://quetz.example/team', '"nexus" is no kind of server\nhint: The kinds are'],
  ['quetz+https://quetz.example', 'the channel is missing\nhint: Write quetz+https://quetz.example/CHANNEL.'],
  ['quetz+https://quetz.example//', 'the channel is missing'],
  ['quetz+https:///team', 'the channel is missing'],
  ['quetz+https://quetz.example/a b', 'it has spaces'],
  ['quetz+https://quetz.example/..%2fteam', 'its last part is no name of a channel'],
  ['quetz+https://quetz.example/team%2Fdev', 'its last part is no name of a channel'],
  ['anaconda6+https://quetz.example/a%2Fb%2Fc', 'its last part is no name of a channel'],
  ['quetz+https://quetz.example/team/linux-64', 'it ends in the subdir linux-64\nhint: Leave the subdir out: quetz+https://quetz.example/team'],
  ['anaconda+https://a.example/api/eggs/label/dev', 'it names a label\nhint: Leave /label/dev out: anaconda+https://a.example/api/eggs'],
  ['quetz+https://quetz.example/get/team', 'that is where quetz serves files, not where it takes them\nhint: Leave /get out: quetz+https://quetz.example/team'],
  ['anaconda+https://anaconda.org/eggs', 'the API is not at anaconda.org\nhint: Write anaconda+https://api.anaconda.org/eggs, if the public site is meant.'],
] as const)('parseTargetUrl() refuses %j and says why', ([text, why], { expect }) => {
  expect(refusal(text)).toContain('TARGET_INVALID: Cannot upload to "')
  expect(refusal(text)).toContain(`: ${why}`)
})

test.for([
  ['quetz+https://me:tk-secret@quetz.example/team', 'it has a user name or password in it\nhint: Write quetz+https://HOST/CHANNEL. Secrets are given in a variable or file: QUETZ_API_KEY, RATTLER_AUTH_FILE or ~/.netrc.'],
  ['quetz+https://tk-secret@quetz.example/team', 'it has a user name or password in it'],
  ['quetz+https://quetz.example/t/tk-secret/team', 'it has a token in it'],
  ['quetz+https://quetz.example/team?token=tk-secret', 'it has a query or fragment'],
  ['quetz+https://quetz.example/team#tk-secret', 'it has a query or fragment'],
  ['https://me:tk-secret@quetz.example/team', 'it does not begin with the kind of server and its URL'],
  ['quetz+https://me:tk-se/rest@quetz.example/team', ''],
] as const)('parseTargetUrl() refuses the secret in %s, and does not repeat it', ([text, why], { expect }) => {
  expect(refusal(text)).toContain(`: ${why}`)
  expect(refusal(text)).toContain('TARGET_INVALID')
  expect(refusal(text)).not.toMatch(/tk-se|rest@/)
})

test('parseTargetUrl() throws nothing but its own error, and what it reads it can write', ({ expect }) => {
  const segment = fc.stringMatching(/^[a-z][a-z0-9_.-]{0,8}$/).filter((text) => !['label', 'get', 't'].includes(text) && !/^(?:noarch|[a-z]+-\w+)$/.test(text))
  fc.assert(
    fc.property(fc.constantFrom(...TARGET_KINDS), fc.array(segment, { maxLength: 3 }), segment, (kind, base, channel) => {
      const url = ['https://h.example:8', ...base].join('/')
      expect(parseTargetUrl(`${kind}+${url}/${channel}`)).toEqual({ kind, url, channel, warning: undefined })
    }),
  )
  fc.assert(fc.property(fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true }).map((url) => `quetz+${url}`)), (text) => {
    expect(refusal(text)).toMatch(/^(?:TARGET_INVALID|no error): /)
  }))
})
