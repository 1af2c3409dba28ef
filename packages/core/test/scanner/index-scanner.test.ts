import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createIndexScanner, scanIndex } from '../../src/scanner/index-scanner.ts'
import type { ByteSource } from '../../src/index/index-types.ts'
import { isMirrorError } from '../../src/errors.ts'
import { readStrictJson } from '../oracle/strict-json.ts'
import { documents, keyTexts, renderJson } from '../oracle/random-index.ts'

interface Found {
  readonly section: string
  readonly key: string
  readonly record: unknown
  readonly position: number
  readonly raw: string
}

function scanInChunks(bytes: Uint8Array, sizes: Iterable<number>): readonly Found[] {
  const found: Found[] = []
  const scanner = createIndexScanner({
    record(view) {
      const raw = Buffer.from(view.bytes.subarray(view.start, view.end)).toString()
      found.push({ section: view.section, key: view.key(), record: JSON.parse(raw), position: view.position, raw })
    },
  })
  let at = 0
  for (const size of sizes) {
    scanner.write(Uint8Array.from(bytes.subarray(at, at + size)))
    at += size
  }
  scanner.write(bytes.subarray(at))
  scanner.end()
  return found
}

function scan(text: string | Uint8Array): readonly Found[] {
  return scanInChunks(typeof text === 'string' ? Buffer.from(text) : text, [])
}

interface Refusal {
  readonly code: string
  readonly position: unknown
  readonly message: string
}

/** How a document is refused, be it fed or read. */
function refusal(text: string | Uint8Array): Refusal | undefined {
  const fed = refusalOf(() => scan(text))
  expect(refusalOf(() => scanIndex(Buffer.from(text), {}))).toEqual(fed)
  return fed
}

function refusalOf(run: () => unknown): Refusal | undefined {
  try {
    run()
    return undefined
  } catch (error) {
    if (!isMirrorError(error)) throw error
    return { code: error.code, position: error.details['position'], message: error.message }
  }
}

describe('createIndexScanner()', () => {
  it('finds the records of every section, in any order of the top level', () => {
    const text = '{"zz":1,"v3":{"whl":{"a-1":{"fn":"x"}},"conda":{"b-1-0":{}}},"packages.conda":{"c-1-0.conda":{"name":"c"}},"info":{"subdir":"noarch"},"packages":{"d-1-0.tar.bz2":{}}}'
    expect(scan(text).map(({ section, key, raw }) => [section, key, raw])).toEqual([
      ['v3.whl', 'a-1.whl', '{"fn":"x"}'], ['v3.conda', 'b-1-0.conda', '{}'], ['packages.conda', 'c-1-0.conda', '{"name":"c"}'], ['packages', 'd-1-0.tar.bz2', '{}'],
    ])
  })

  it('gives every record its own fields, also those that are like the ones before', () => {
    const values = ['"a"', '"a"', '"ab"', '"a\\""', '"a\\"b"', '"a"', '""', '1', '12', '1', 'null', `"${'x'.repeat(80)}"`, '"a"']
    const seen: unknown[] = []
    const records = values.map((value, at) => `"p${at}-1-0.conda": {"name" : ${value} ,"size":${at}}`)
    scanIndex(Buffer.from(`{"packages":{${records.join(',')}}}`), { record: (view) => { seen.push([view.field('name'), view.field('size'), view.field('md5')]) } })
    expect(seen).toEqual(values.map((value, at) => [value, String(at), undefined]))
  })

  it('keeps everything else of the top level as it stands', () => {
    const text = ' { "a\\u0062" : [1, {"x": 1.0}] , "packages" : { } , "n" : -0.5e+3 , "info": {"subdir":"linux-64"},"s":"\\u00e9" } \n'
    const skeleton = scanIndex(Buffer.from(text), {})
    expect(skeleton.entries.map(({ key, position, raw }) => [key, position, Buffer.from(raw).toString()])).toEqual([
      ['ab', text.indexOf('['), '[1, {"x": 1.0}]'], ['n', text.indexOf('-0'), '-0.5e+3'], ['info', text.indexOf('{"sub'), '{"subdir":"linux-64"}'], ['s', text.indexOf('"\\u00e9'), '"\\u00e9"'],
    ])
    expect(skeleton).toMatchObject({ length: text.length, compact: false, canonical: false, info: { subdir: 'linux-64' }, hasV3: false, sections: [{ section: 'packages', records: 0 }] })
  })

  it('takes a document of no bytes for an empty one', () => {
    expect(scanIndex(new Uint8Array(0), {})).toMatchObject({ length: 0, entries: [], sections: [], info: undefined })
    expect(refusal(' ')).toMatchObject({ code: 'INDEX_MALFORMED', position: 1 })
  })

  it('notes fields of a record as raw text, escaped keys too, nested ones not', () => {
    const text = '{"packages":{"a-1-0.conda":{"x":{"name":"inner","size":1},"name" : "a", "\\u0073ize":12 ,"timestamp":1.5e3,"md5":null,"url":[1, "]"]}}}'
    const seen: (string | undefined)[] = []
    scanIndex(Buffer.from(text), {
      record(view) {
        for (const name of ['name', 'size', 'timestamp', 'md5', 'url', 'version'] as const) seen.push(view.field(name))
      },
    })
    expect(seen).toEqual(['"a"', '12', '1.5e3', 'null', '[1, "]"]', undefined])
  })

  const malformed: readonly (readonly [string, string | Uint8Array, number])[] = [
    ['nothing but an opening brace', '{', 1],
    ['a trailing comma', '{"a":1,}', 7],
    ['a leading comma', '{,"a":1}', 1],
    ['a missing colon', '{"a" 1}', 5],
    ['two colons', '{"a"::1}', 5],
    ['two values', '{"a":1 2}', 7],
    ['a missing value', '{"a":}', 5],
    ['a literal behind an empty list of a record', '{"packages":{"p":{"q":[]true}}}', 24],
    ['a string behind a list of a record', '{"packages":{"p":{"q":["a"]"b","r":1}}}', 27],
    ['a number behind a list of a record', '{"packages":{"p":{"q":["a","b"]1,"r":2}}}', 31],
    ['a string behind an object of a record', '{"packages":{"p":{"q":{}"r":1}}}', 24],
    ['a string behind a record', '{"packages":{"p":{}"q":{"r":1}}}', 19],
    ['a number behind a record', '{"packages":{"p":{}1,"q":{"r":1}}}', 19],
    ['a literal behind a record', '{"packages":{"p":{"r":1}null,"q":{"r":1}}}', 24],
    ['a string behind a section', '{"packages":{}"x":1}', 14],
    ['a number behind a section', '{"packages":{"p":{}}1,"x":1}', 20],
    ['a number behind an entry', '{"x":[]1,"y":2}', 7],
    ['a string behind a list in a list', '{"x":[[]"a"]}', 8],
    ['a literal behind the document', '{}true', 2],
    ['a bracket closed by a brace', '{"a":[1}}', 7],
    ['a brace closed by a bracket', '{"a":{"b":1]}', 11],
    ['a brace too many', '{"a":1}}', 7],
    ['trailing garbage', '{"a":1} x', 8],
    ['a second document', '{}{}', 2],
    ['a NUL behind the end', '{}\0', 2],
    ['a byte order mark', '\uFEFF{}', 0],
    ['NaN', '{"a":NaN}', 5],
    ['Infinity', '{"a":-Infinity}', 5],
    ['a word', '{"a":nul}', 5],
    ['a word that goes on', '{"a":trueish}', 5],
    ['a plus sign', '{"a":+1}', 5],
    ['a leading zero', '{"a":01}', 5],
    ['a bare minus', '{"a":-}', 5],
    ['a fraction without digits', '{"a":1.}', 5],
    ['an exponent without digits', '{"a":1e+}', 5],
    ['hex', '{"a":0x10}', 5],
    ['a key that is no string', '{1:1}', 1],
    ['single quotes', "{'a':1}", 1],
    ['a comment', '{/**/}', 1],
    ['an unknown escape', '{"a":"\\x"}', 6],
    ['a short \\u', '{"a":"\\u12"}', 6],
    ['a high surrogate alone', '{"a":"\\ud800"}', 6],
    ['a low surrogate alone', '{"a":"\\udc00"}', 6],
    ['two high surrogates', '{"a":"\\ud800\\ud800"}', 6],
    ['surrogates the wrong way round', '{"a":"\\udc00\\ud800"}', 6],
    ['a tab in a string', '{"a":"\t"}', 6],
    ['a newline in a key', '{"a\n":1}', 3],
    ['a NUL in a string', '{"a":"\0"}', 6],
    ['a form feed between tokens', '{\f"a":1}', 1],
    ['an open string', '{"a":"b}', 8],
    ['a string that ends in a backslash', '{"a":"b\\"}', 10],
    ['HTML', '<!DOCTYPE html>', 0],
    ['a repeated top-level key', '{"a":1,"b":2,"a":3}', 13],
    ['a repeated section', '{"packages":{},"packages":{}}', 15],
    ['a repeated key in info', '{"info":{"a":1,"a":2}}', 15],
    ['a repeated key by escape', '{"info":{"a":1,"\\u0061":2}}', 15],
    ['a repeated key out of order', '{"x":{"c":1,"a":2,"b":3,"c":4}}', 24],
    ['a repeated key deep in a record', '{"packages":{"a":{"b":[{"d":1,"c":1,"d":2}]}}}', 36],
    ['a repeated record', '{"packages":{"a":{},"a":{}}}', 20],
    ['a repeated record far away', '{"packages":{"b":{},"a":{},"c":{},"b":{}}}', 34],
    ['a repeated record by escape', '{"packages":{"a":{},"\\u0061":{}}}', 20],
    ['a repeated v3 section', '{"v3":{"conda":{},"conda":{}}}', 18],
    ['a UTF-8 sequence that is too long', Buffer.from([0x7b, 0x22, 0xc0, 0xaf, 0x22]), 2],
    ['a surrogate in UTF-8', Buffer.from([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22]), 3],
    ['a UTF-8 sequence that stops', Buffer.from([0x7b, 0x22, 0xe2, 0x82, 0x22]), 4],
    ['a stray continuation', Buffer.from([0x7b, 0x22, 0x80, 0x22]), 2],
    ['UTF-16', Buffer.from('{}', 'utf16le'), 1],
  ]

  it.each(malformed)('refuses %s', (_, text, position) => {
    expect(refusal(text)).toMatchObject({ code: 'INDEX_MALFORMED', position })
  })

  it.each([
    ['null', 'null'], ['an array', '[]'], ['a number', '12'], ['a string', '"x"'],
    ['packages as a list', '{"packages":[]}'], ['packages as null', '{"packages":null}'], ['packages as text', '{"packages.conda":"x"}'], ['v3 as a list', '{"v3":[]}'],
    ['a v3 section as a number', '{"v3":{"conda":1}}'], ['a v3 section as a list', '{"v3":{"conda":[]}}'],
    ['a record as null', '{"packages":{"a":null}}'], ['a record as a list', '{"packages":{"a":[]}}'], ['a record as text', '{"v3":{"conda":{"a":"b"}}}'], ['info as a list', '{"info":[]}'],
  ])('calls %s implausible', (_, text) => {
    expect(refusal(text)?.code).toBe('INDEX_IMPLAUSIBLE')
  })

  it('says what it expected and what it found', () => {
    expect(refusal('{"packages":{"a":{"b":1;}}}')?.message).toBe('Cannot read the index: a number or word that JSON does not know, where a value was expected, at byte 22')
    expect(refusal('<html>')?.message).toBe('Cannot read the index: "<" where "{" was expected, at byte 0')
    expect(refusal('\uFEFF{}')?.message).toContain('byte order mark')
    expect(refusal('{"a":1')?.message).toBe('Cannot read the index: the document ends where "," or "}" was expected, at byte 6')
    expect(refusal('{"a":"b')?.message).toBe('Cannot read the index: the document ends where the rest of a string was expected, at byte 7')
  })

  it('refuses nesting of five million cleanly, and takes 512', () => {
    expect(refusal(`{"a":${'['.repeat(5_000_000)}`)).toMatchObject({ code: 'INDEX_MALFORMED', position: 5 + 511 })
    expect(refusal(`{"packages":{"a":${'{"b":'.repeat(5_000_000)}`)?.code).toBe('INDEX_MALFORMED')
    expect(refusal(`{"a":${'['.repeat(511)}${']'.repeat(511)}}`)).toBeUndefined()
  })

  it('finds a repeated key among more than it can keep in mind', () => {
    const keys = Array.from({ length: 2000 }, (_, position) => `"k${(position * 7919) % 2000}":0`)
    expect(refusal(`{"packages":{"a":{${keys.join(',')}}},"x":{${keys.join(',')}}}`)).toBeUndefined()
    expect(refusal(`{"packages":{"a":{${keys.join(',')},"k7":1}}}`)?.code).toBe('INDEX_MALFORMED')
    expect(refusal(`{"x":{${keys.join(',')},"k7":1}}`)?.code).toBe('INDEX_MALFORMED')
  })

  it('finds a repeated record among many, sorted or not', () => {
    const entries = Array.from({ length: 9000 }, (_, position) => `"k${String(position).padStart(5, '0')}":{}`)
    const shuffled = entries.map((_, position) => entries[(position * 7919) % 9000])
    expect(scan(`{"packages":{${entries.join(',')}}}`)).toHaveLength(9000)
    expect(scan(`{"packages":{${shuffled.join(',')}}}`)).toHaveLength(9000)
    expect(refusal(`{"packages":{${entries.join(',')},"k00001":{}}}`)?.code).toBe('INDEX_MALFORMED')
    expect(refusal(`{"packages":{"k08999":{},${entries.join(',')}}}`)?.code).toBe('INDEX_MALFORMED')
    expect(refusal(`{"packages":{${shuffled.join(',')},"k00001":{}}}`)?.code).toBe('INDEX_MALFORMED')
  })

  it('is not impressed by names of prototypes', () => {
    const text = '{"__proto__":{"constructor":1},"packages":{"__proto__":{"__proto__":1},"constructor":{},"toString":{}}}'
    expect(scan(text).map(({ key }) => key)).toEqual(['__proto__', 'constructor', 'toString'])
    expect(scanIndex(Buffer.from(text), {}).entries.map(({ key }) => key)).toEqual(['__proto__'])
  })

  it('grows its window for a record and for a top-level value that is bigger', () => {
    const long = 'x'.repeat(3_000_000)
    const text = `{"note":"${long}","packages":{"a":{"s":"${long}"},"b":{}},"removed":["${long}"]}`
    const found = scanInChunks(Buffer.from(text), Array.from({ length: 100 }, () => 70_001))
    expect(found.map(({ key, raw }) => [key, raw.length])).toEqual([['a', 3_000_008], ['b', 2]])
    expect(scanIndex(Buffer.from(text), {}).entries.map(({ raw }) => raw.length)).toEqual([3_000_002, 3_000_004])
  })

  it('refuses a value bigger than 128 MiB', () => {
    const length = 300 << 20
    const head = Buffer.from('{"a":"')
    const source: ByteSource = { length, read: (position, size) => (position === 0 ? Buffer.concat([head, Buffer.alloc(size - head.length, 0x78)]) : Buffer.alloc(size, 0x78)) }
    expect(() => scanIndex(source, {})).toThrow(/bigger than 128 MiB/)
  })

  it('refuses a small document cut at every offset', () => {
    const text = '{"info":{"subdir":"noarch"},"packages":{"a-1-0.tar.bz2":{"depends":["b >=1,<2","\\u00e9\\ud83d\\ude00"],"size":12}},"packages.conda":{},"removed":[],"repodata_version":1,"v3":{"conda":{"é":{"t":true}}}}'
    const bytes = Buffer.from(text)
    expect(refusal(bytes)).toBeUndefined()
    for (let length = 1; length < bytes.length; length += 1) expect(refusal(bytes.subarray(0, length))).toMatchObject({ code: 'INDEX_MALFORMED' })
  }, 60_000)

  it('accepts exactly what a plain strict reader accepts', () => {
    const pieces = fc.constantFrom('{', '}', '[', ']', ':', ',', '"', '"a"', '"b"', '"packages"', '"v3"', '1', '-', '0', 'e', '.', 'true', 'null', ' ', '\n', '\\', '\\u0061', '\\ud83d\\ude00', '\\ud83d', 'é', '\t', '{}', '"x":{}', '"a":', 'é".')
    const texts = fc.oneof(fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join('')), fc.array(pieces, { maxLength: 10 }).map((parts) => `{"a":${parts.join('')}}`), fc.array(pieces, { maxLength: 10 }).map((parts) => `{"packages":{"p":{"q":${parts.join('')}}}}`))
    fc.assert(fc.property(texts, (text) => {
      const outcome = refusal(text)
      const oracle = text === '' ? { value: {} } : readStrictJson(Buffer.from(text))
      // Whether it looks like an index is another question, and asked at the first byte that tells.
      fc.pre(outcome?.code !== 'INDEX_IMPLAUSIBLE')
      expect(outcome === undefined).toBe(oracle !== undefined)
    }), { numRuns: 3000 })
  }, 180_000)

  it('accepts and refuses changed documents as a plain strict reader does', () => {
    fc.assert(fc.property(documents, fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('"{}[]:,\\ 0e'))), (document, where, byte) => {
      const bytes = Buffer.from(renderJson(document.value, document.style))
      bytes[where % bytes.length] = byte
      const outcome = refusal(bytes)
      const oracle = readStrictJson(bytes)
      fc.pre(outcome?.code !== 'INDEX_IMPLAUSIBLE')
      expect(outcome === undefined).toBe(oracle !== undefined)
    }), { numRuns: 1500 })
  }, 60_000)

  it('refuses a repeated key that came in another form before', () => {
    expect(refusal('{"packages":{"p":{"ab" : 1},"q":{"ab":1},"r":{"ab":1,"ab":2}}}')).toMatchObject({ code: 'INDEX_MALFORMED', position: 53 })
  })

  it('finds fields and repeated keys in records that look alike, as a plain strict reader does', () => {
    const names = ['build', 'build_number', 'name', 'sha256', 'size', 'timestamp', 'version', 'namespace', 'nam', 's', '', ...[7, 8, 15, 16, 17, 30, 31, 32, 33, 50].map((length) => 'm'.repeat(length))]
    const name = fc.constantFrom(...names)
    const value = fc.constantFrom('1', '0', '00', '-1', '12345678901234567890', '"x"', '""', '"\\""', '[]', '["a"]', '["a","b , c"]', '["a",]', '[1]', '[ ]', '[]true', '["a"]1', '["a","b"]"c"', '{}1', '{}"x"', '{"name":2}', '{}', 'null', '1 ', ' 1', '01', '1.5', '"a""b"', '1"')
    const written = fc.tuple(fc.constantFrom('plain', 'plain', 'plain', 'plain', 'plain', 'plain', 'escaped', 'apart'), fc.oneof({ weight: 12, arbitrary: fc.constantFrom('1', '"x"', '["a","b"]') }, value))
    const record = fc.tuple(fc.uniqueArray(name, { maxLength: 9 }), fc.integer({ min: 0, max: 9 }), fc.array(written, { minLength: 10, maxLength: 10 }), name)
    const renderMember = (key: string, style: string | undefined, text: string | undefined): string => {
      if (style === 'escaped' && key !== '') return `"\\u${key.charCodeAt(0).toString(16).padStart(4, '0')}${key.slice(1)}":${text}`
      return style === 'apart' ? `"${key}" : ${text}` : `"${key}":${text}`
    }
    const counts = { accepted: 0, refused: 0 }
    fc.assert(fc.property(fc.array(record, { minLength: 2, maxLength: 8 }), fc.boolean(), (all, sorted) => {
      const records = all.map(([keys, fate, styles, extra], at) => {
        const members = sorted ? keys.toSorted() : [...keys]
        if (fate === 0) members.splice(at % (members.length + 1), 0, extra)
        if (fate === 1) members.splice(at % (members.length + 1), 0, ...members.slice(at % (members.length + 1)).slice(0, 1))
        return `"p${at}":{${members.map((key, position) => renderMember(key, styles[position]?.[0], styles[position]?.[1])).join(',')}}`
      })
      const text = `{"packages":{${records.join(',')}}}`
      const sizes: unknown[] = []
      const outcome = refusalOf(() => scanIndex(Buffer.from(text), { record: (view) => { sizes.push([view.field('size')?.trim(), view.field('name')?.trim()]) } }))
      expect(refusal(text)).toEqual(outcome)
      const oracle = readStrictJson(Buffer.from(text))
      expect(outcome === undefined).toBe(oracle !== undefined)
      counts[oracle === undefined ? 'refused' : 'accepted'] += 1
      if (oracle === undefined) return
      const { packages } = oracle.value as { packages: Record<string, Record<string, unknown>> }
      expect(sizes.map((pair) => (pair as unknown[]).map((raw) => (raw === undefined ? raw : JSON.parse(String(raw)))))).toEqual(Object.values(packages).map(({ size, name: own }) => [size, own]))
    }), { numRuns: 3000 })
    expect(Math.min(counts.accepted, counts.refused)).toBeGreaterThan(300)
  }, 60_000)

  it('gives the values of JSON.parse, whatever the chunks', () => {
    fc.assert(fc.property(documents, fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 }), (document, sizes) => {
      const text = renderJson(document.value, document.style)
      const found = scanInChunks(Buffer.from(text), sizes)
      expect(found.map(({ section, key, record }) => [section, key, record])).toEqual(document.records)
      for (const { position, raw } of found) expect(Buffer.from(text).subarray(position, position + Buffer.byteLength(raw)).toString()).toBe(raw)
    }), { numRuns: 400 })
  }, 60_000)

  it('does not care where chunks end', () => {
    fc.assert(fc.property(documents, (document) => {
      const bytes = Buffer.from(renderJson(document.value, document.style))
      expect(scanInChunks(bytes, Array.from({ length: bytes.length }, () => 1))).toEqual(scan(bytes))
    }), { numRuns: 50 })
  }, 60_000)

  it('reads strings of every kind of character', () => {
    fc.assert(fc.property(keyTexts, keyTexts, (key, text) => {
      const bytes = Buffer.from(JSON.stringify({ packages: { [`k${key}`]: { text } } }))
      expect(scan(bytes).map((found) => [found.key, found.record])).toEqual([[`k${key}`, { text }]])
    }), { numRuns: 500 })
  }, 60_000)
})
