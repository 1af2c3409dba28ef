import fc from 'fast-check'
import { describe, test } from 'vitest'
import { readUpload, UploadMalformed } from '../../src/take-away/read-upload.ts'

const FORM = 'multipart/form-data; boundary=--b'

async function* cut(bytes: Buffer, places: readonly number[]): AsyncGenerator<Uint8Array> {
  const ends = [...places.map((place) => place % (bytes.length + 1)).toSorted((left, right) => left - right), bytes.length]
  let from = 0
  for (const end of ends) {
    yield bytes.subarray(from, end)
    from = end
  }
}

async function read(body: Buffer, contentType: string, places: readonly number[] = []): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of readUpload({ body: cut(body, places), contentType })) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString('latin1')
}

function form(...parts: readonly (readonly [string, string])[]): Buffer {
  return Buffer.from(`${parts.map(([head, body]) => `----b\r\n${head}\r\n\r\n${body}\r\n`).join('')}----b--\r\n`, 'latin1')
}

const FILE = 'Content-Disposition: form-data; name="reference"; filename="r.json"\r\nContent-Type: application/json'
const FIELD = 'Content-Disposition: form-data; name="note"'

describe('readUpload()', () => {
  test('finds the first file of a form, however it is cut, and whatever is in it', async ({ expect }) => {
    await fc.assert(fc.asyncProperty(fc.string({ unit: fc.constantFrom('\r', '\n', '-', 'b', 'x') }), fc.array(fc.nat(2000), { maxLength: 12 }), async (text, places) => {
      fc.pre(!text.includes('\r\n----b'))
      expect(await read(form([FIELD, '--b'], [FILE, text], [FILE, 'another']), FORM, places)).toBe(text)
    }))
  })

  test('takes everything where it is no form', async ({ expect }) => {
    expect(await read(form([FILE, 'x']), 'application/json', [3, 9])).toBe(form([FILE, 'x']).toString('latin1'))
    expect(await read(Buffer.alloc(0), '')).toBe('')
  })

  test('takes a boundary in quotes, and refuses what is no form with a file', async ({ expect }) => {
    expect(await read(form([FILE, 'x']), 'multipart/form-data; boundary="--b"')).toBe('x')
    const bad: readonly (readonly [Buffer, string])[] = [
      [form([FIELD, 'x']), FORM], [form([FILE, 'x']).subarray(0, -12), FORM], [Buffer.alloc(0), FORM], [form([FILE, 'x']), 'multipart/form-data'], [form([FILE, 'x']), 'multipart/mixed; boundary=--b'],
      [Buffer.from(`----b\r\n${'x'.repeat(40_000)}`), FORM], [form([FILE, 'x']), 'multipart/form-data; boundary=other'],
    ]
    for (const [body, type] of bad) await expect(read(body, type), type).rejects.toBeInstanceOf(UploadMalformed)
  })
})
