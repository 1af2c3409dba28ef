import { describe, expect, test } from 'vitest'
import { judge } from '../src/conditions.ts'

const modified = Date.UTC(2026, 0, 2, 3, 4, 5, 678)
const DATE = 'Fri, 02 Jan 2026 03:04:05 GMT'
const EARLIER = 'Fri, 02 Jan 2026 03:04:04 GMT'
const LATER = 'Fri, 02 Jan 2026 03:04:06 GMT'

function ask(headers: Readonly<Record<string, string>>, { method = 'GET', size = 1000 } = {}): unknown {
  const verdict = judge(headers, { validators: { etag: 'abc', modified }, size, method })
  return verdict.status === 206 ? [verdict.range.start, verdict.range.end] : verdict.status
}

describe('judge()', () => {
  test.for([
    [{}, 200],
    [{ 'if-none-match': '"abc"' }, 304], [{ 'if-none-match': 'W/"abc"' }, 304], [{ 'if-none-match': '"x", "a,b" , "abc"' }, 304], [{ 'if-none-match': '*' }, 304], [{ 'if-none-match': ' * ' }, 304],
    [{ 'if-none-match': '"x"' }, 200], [{ 'if-none-match': 'abc' }, 200], [{ 'if-none-match': '' }, 200], [{ 'if-none-match': '"ab"c"' }, 200],
    [{ 'if-modified-since': DATE }, 304], [{ 'if-modified-since': LATER }, 304], [{ 'if-modified-since': EARLIER }, 200], [{ 'if-modified-since': 'yesterday' }, 200], [{ 'if-modified-since': '1' }, 200],
    [{ 'if-none-match': '"x"', 'if-modified-since': LATER }, 200], [{ 'if-none-match': '"abc"', 'if-modified-since': EARLIER }, 304],
    [{ 'if-match': '"abc"' }, 200], [{ 'if-match': 'W/"abc"' }, 412], [{ 'if-match': '"x"' }, 412], [{ 'if-match': '*' }, 200], [{ 'if-unmodified-since': EARLIER }, 412], [{ 'if-unmodified-since': DATE }, 200],
    [{ 'if-match': '"x"', 'if-none-match': '"abc"' }, 412],
  ] as const)('conditions %j: %j', ([headers, expected]) => {
    expect(ask(headers)).toBe(expected)
  })

  test.for([
    ['bytes=0-0', [0, 1]], ['bytes=0-999', [0, 1000]], ['bytes=0-99999', [0, 1000]], ['bytes=10-', [10, 1000]], ['bytes=-10', [990, 1000]], ['bytes=-5000', [0, 1000]], ['Bytes=5-6', [5, 7]],
    ['bytes=999-', [999, 1000]], ['bytes=1000-', 416], ['bytes=1000-2000', 416], ['bytes=-0', 416], ['bytes=99999999999999999999999-', 416],
    ['bytes=0-99999999999999999999999', [0, 1000]], ['bytes=5-4', 200], ['bytes=-', 200], ['bytes=a-b', 200], ['bytes=0-1,3-4', 200], ['lines=0-1', 200], ['', 200], ['bytes=0', 200],
  ] as const)('range %s: %j', ([range, expected]) => {
    expect(ask({ range })).toEqual(expected)
    expect(ask({ range }, { method: 'HEAD' })).toBe(200)
  })

  test('of nothing there is no part', () => {
    expect(ask({ range: 'bytes=0-' }, { size: 0 })).toBe(416)
    expect(ask({ range: 'bytes=-5' }, { size: 0 })).toBe(416)
  })

  test.for([['"abc"', 206], ['W/"abc"', 200], ['"x"', 200], [DATE, 206], [EARLIER, 200], [LATER, 200], ['nonsense', 200]] as const)('if-range %s: %j', ([condition, expected]) => {
    expect(ask({ range: 'bytes=0-0', 'if-range': condition })).toEqual(expected === 206 ? [0, 1] : 200)
  })

  test('a range does not matter when nothing changed', () => {
    expect(ask({ range: 'bytes=5000-', 'if-none-match': '"abc"' })).toBe(304)
  })
})
