import { buffer } from 'node:stream/consumers'
import { zstdDecompressSync } from 'node:zlib'

import { extract } from 'tar-stream'

import { decompressBzip2 } from '../bzip2.ts'
import { isJsonObject, type JsonObject, parseJson } from '../json.ts'

/** `info/index.json` of an artifact; undefined for what is none. */
export async function readIndexJson(bytes: Buffer, fileName: string): Promise<JsonObject | undefined> {
  try {
    const tar = fileName.endsWith('.conda') ? zstdDecompressSync(findStored(bytes, /^info-.*\.tar\.zst$/)) : await decompressBzip2(bytes)
    const value = parseJson((await findMember(tar, 'info/index.json')).toString('utf8'))
    return isJsonObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** A stored member of a ZIP, of a ZIP without a comment. */
function findStored(zip: Buffer, wanted: RegExp): Buffer {
  let entry = zip.readUInt32LE(zip.length - 6)
  while (zip.readUInt32LE(entry) === 0x02014b50) {
    const [nameLength, extra, comment] = [zip.readUInt16LE(entry + 28), zip.readUInt16LE(entry + 30), zip.readUInt16LE(entry + 32)]
    const header = zip.readUInt32LE(entry + 42)
    if (wanted.test(zip.toString('utf8', entry + 46, entry + 46 + nameLength))) {
      const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28)
      return zip.subarray(start, start + zip.readUInt32LE(entry + 24))
    }
    entry += 46 + nameLength + extra + comment
  }
  throw new TypeError('there is no such member')
}

async function findMember(tar: Buffer, path: string): Promise<Buffer> {
  const reader = extract()
  reader.end(tar)
  for await (const entry of reader) {
    const bytes = await buffer(entry)
    if (entry.header.name === path) return bytes
  }
  throw new TypeError(`there is no ${path}`)
}
