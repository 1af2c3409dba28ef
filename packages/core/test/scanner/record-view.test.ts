import { describe, expect, it } from 'vitest'
import { scanIndex } from '../../src/scanner/index-scanner.ts'

describe('RecordView.number()', () => {
  it.each<[string, number | undefined]>([
    ['0', 0], ['7', 7], ['1234567890123', 1_234_567_890_123], ['123456789012345', 123_456_789_012_345], ['1234567890123456', 1_234_567_890_123_456], ['-1', -1], ['-0', -0], ['1.5', 1.5], ['12e2', 1200],
    ['1e400', undefined], ['"12"', undefined], ['""', undefined], ['null', undefined], ['true', undefined], ['[12]', undefined], ['{"x":12}', undefined],
  ])('reads %s', (raw, number) => {
    for (const text of [`{"packages":{"a":{"size":${raw}}}}`, `{"packages":{"a":{"size" : ${raw} ,"x":1}}}`]) {
      const found: (number | undefined)[] = []
      scanIndex(Buffer.from(text), { record: (view) => { found.push(view.number('size'), view.number('timestamp')) } })
      expect(found).toEqual([number, undefined])
    }
  })
})

describe('RecordView.startOf()', () => {
  it('finds where a value starts', () => {
    const found: (string | number)[] = []
    scanIndex(Buffer.from('{"packages":{"a":{"name" :\n"x","size":12}}}'), {
      record: (view) => { found.push(Buffer.from(view.bytes).toString('utf8', view.startOf('name'), view.startOf('name') + 3), Buffer.from(view.bytes).toString('utf8', view.startOf('size'), view.startOf('size') + 2), view.startOf('url')) },
    })
    expect(found).toEqual(['"x"', '12', -1])
  })
})

describe('RecordView.field()', () => {
  const NOTED = [
    'build', 'build_number', 'depends', 'indexed_timestamp', 'license', 'license_family', 'md5', 'name', 'noarch', 'sha256', 'size', 'subdir', 'timestamp', 'url', 'version',
  ] as const

  it.each([['in order', NOTED], ['out of order', NOTED.toReversed()]])('finds every field that is noted, %s', (_, fields) => {
    const members = fields.flatMap((name, at) => [`"${name}":${at}`, `"${name}x":"${name}"`, `"in_${name}":{"${name}":[]}`])
    const text = `{"packages":{"a":{${members.join(',')}},"b":{"license":"MIT"},"c":{}}}`
    const found: unknown[] = []
    scanIndex(Buffer.from(text), { record: (view) => { found.push(fields.map((name) => view.field(name))) } })
    expect(found).toEqual([fields.map((_name, at) => `${at}`), fields.map((name) => (name === 'license' ? '"MIT"' : undefined)), fields.map(() => undefined)])
  })

  it('finds a field whose key is written with escapes', () => {
    const found: unknown[] = []
    scanIndex(Buffer.from(String.raw`{"packages":{"a":{"licen\u0073e":"MIT","d\u0065pends":["x"]}}}`), { record: (view) => { found.push(view.field('license'), view.field('depends')) } })
    expect(found).toEqual(['"MIT"', '["x"]'])
  })
})
