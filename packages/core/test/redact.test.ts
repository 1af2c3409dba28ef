import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, test } from 'vitest'
import { redactText, redactUrl, Secret, stripUrl } from '../src/index.ts'

describe('redactUrl()', () => {
  test.for([
    ['https://conda.anaconda.org/t/tk-123/conda-forge/noarch/repodata.json',
    'https://conda.anaconda.org/t/***/conda-forge/noarch/repodata.json'], ['https://user:pw@host:8443/x', 'https://***@host:8443/x'],
    ['https://TOKEN@host/x', 'https://***@host/x'], ['https://host/x?X-Amz-Signature=abc&y=1#frag', 'https://host/x?***#***'],
    ['https://host/api/t/a/b/t/c/d', 'https://host/api/t/***/b/t/***/d'],
    ['https://host/t/tok%20en/x', 'https://host/t/***/x'], ['file:///srv/x', 'file:///srv/x'], ['/srv/x', '/srv/x'],
    ['conda-forge', 'conda-forge'], ['https://user:p w@host:99999/x', 'https://***@host:99999/x'],
    ['https://us er:p/w@s@host:99999/x', 'https://***@host:99999/x'],
    ['https://host/x', 'https://host/x'], ['https://u:p@@host/x', 'https://***@host/x'],
  ] as const)('%s', ([url, expected], { expect }) => {
    expect(redactUrl(url)).toBe(expected)
    if (URL.canParse(url)) expect(redactUrl(new URL(url))).toBe(expected)
  })
})

describe('redactText()', () => {
  test.for([
    ['Response code 403 for https://u:p@host/t/TK/x/noarch/repodata.json, giving up',
    'Response code 403 for https://***@host/t/***/x/noarch/repodata.json, giving up'],
    ['a https://u:p@h/x b http://v:q@i/y', 'a https://***@h/x b http://***@i/y'],
    ['proxy http://us%40er:pa:ss@proxy:3128', 'proxy http://***@proxy:3128'],
    ["password with quote https://u:pa'ss@h/x", 'password with quote https://***@h/x'], ['https://u:pa/ss@h/x', 'https://***@h/x'],
    ['https://u:pa#s?s@h/x', 'https://***@h/x'],
    ['Authorization: Bearer abc.def.ghi\nAccept: */*', 'Authorization: ***\nAccept: */*'],
    ['{"authorization":"Basic dXNlcjpwYXNz","x":1}', '{"authorization":"***","x":1}'],
    ["headers: { 'X-API-Key': 'abc' }", "headers: { 'X-API-Key': '***' }"],
    ['Proxy-Authorization=token abc', 'Proxy-Authorization=***'], ['Cookie: a=b; c=d', 'Cookie: ***'],
    ['sent bearer eyJhbGciOiJIUzI1NiIsInR5cCI6', 'sent bearer ***'], ['basic authentication failed', 'basic authentication failed'],
    ['GET /x?token=abc&y=1', 'GET /x?token=***&y=1'],
    ['https://b.s3/x?X-Amz-Credential=AK%2F1&X-Amz-Signature=9f HTTP', 'https://b.s3/x?X-Amz-Credential=***&X-Amz-Signature=*** HTTP'],
    ['redirect=%2Ft%2FTK%2Fconda-forge', 'redirect=%2Ft%2F***%2Fconda-forge'],
    ['http://127.0.0.1:8080/x@1.0 is fine', 'http://127.0.0.1:8080/x@1.0 is fine'],
    ['nothing here: 50% of a/b', 'nothing here: 50% of a/b'],
    ['GET /t/TK/conda-forge HTTP/1.1', 'GET /t/***/conda-forge HTTP/1.1'], ['', ''],
  ] as const)('%j', ([text, expected], { expect }) => {
    expect(redactText(text)).toBe(expected)
  })

  test('hides a secret wherever a URL with it stands', ({ expect }) => {
    const around = fc.string({ unit: fc.constantFrom(...'a "\'<>(){}[],;:/@?#=&\n'), maxLength: 8 })
    fc.assert(fc.property(around, around, fc.constantFrom('', '"', "'", ':', '#', '?', '%'), (before, behind, inside) => {
      const password = `S3${inside.replace('"', '%22')}CRET`
      const text = `${before} https://user:${password}@host/t/T0KEN/x ${behind}`
      expect(redactText(text)).not.toMatch(/CRET|T0KEN/)
    }), { numRuns: 2000 })
  })

  test('changes nothing the second time', ({ expect }) => {
    const pieces = [
      'https://u:p@host/x', 'http://u:p/q@host/t/TK/x?token=a&b=c', '/t/TK/x', 'authorization: Basic abc', 'Bearer abcdefghijklmnopqrstuvwxyz', 'x?key=1&sig=2#f',
      '%2Ft%2FTK%2Fx', 'cookie="a"', 'a@b', '://', '\n', '"', 'http://host:8080/x', '***',
    ]
    fc.assert(fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 8 }), (parts) => {
      const once = redactText(parts.join(' '))
      expect(redactText(once)).toBe(once)
    }), { numRuns: 3000 })
  })

  // Quadratic patterns would take minutes for these; a test that ends is the proof.
  test.for(['a', ':', '/', '://', '://a', '://a:b', '@', '/t/', '%2ft%2f', 'authorization', 'authorization ', 'authorization:', 'bearer ',
    'bearer', '?token=', '://:@', ' ', '&key', '/t'])('ends on %j over and over', (piece, { expect }) => {
    expect(typeof redactText(piece.repeat(Math.ceil(300_000 / piece.length)))).toBe('string')
    expect(typeof redactUrl(`https://${piece.repeat(Math.ceil(300_000 / piece.length))}`)).toBe('string')
  })

  test('throws on no text', ({ expect }) => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect([typeof redactText(text), typeof redactUrl(text)]).toEqual(['string', 'string'])
    }))
  })
})

describe('stripUrl()', () => {
  test.for([
    ['https://u:p@host/t/TK/x/noarch?a=b#c', 'https://host/x/noarch'], ['https://host/t/TK', 'https://host/'],
    ['https://host/x/', 'https://host/x/'], ['HTTPS://HOST:443/x', 'https://host/x'], ['file:///srv/x', 'file:///srv/x'],
    ['/srv/x', undefined], ['conda-forge', undefined], ['mailto:a@b', undefined],
  ] as const)('%s', ([url, expected], { expect }) => {
    expect(stripUrl(url)).toBe(expected)
  })
})

describe('Secret', () => {
  test('shows itself to reveal() only', ({ expect }) => {
    const secret = new Secret('S3CRET')
    const shown = [String(secret), `${secret}`, JSON.stringify({ secret }), inspect(secret), inspect({ deep: [secret] }),
      Object.keys(secret).join(), secret.toString(), String(Object.values(secret))]
    expect(shown.filter((text) => text.includes('S3CRET'))).toEqual([])
    expect(inspect(secret)).toBe('***')
    expect(secret.reveal()).toBe('S3CRET')
  })
})
