// One job of index-bench.mjs: node index-job.mjs <job> <json of arguments>.
import { closeSync, createReadStream, openSync, readFileSync, writeFileSync } from 'node:fs'
import { args, fileSource, runJob, writeAll } from './job-process.mjs'

const PIECE = 1 << 17

/** Keeps 8 of 10 names. */
const isWanted = (name) => {
  let sum = 0
  for (let at = 0; at < name.length; at += 1) sum = (sum * 31 + name.charCodeAt(at)) >>> 0
  return sum % 10 < 8
}

const wantsObject = (record) => record.depends.every((spec) => !spec.startsWith('openssl'))

/** Decides row by row; neighbours with the same raw name are asked about once. */
function nameChooser() {
  let last
  let wanted = 0
  const keep = []
  let chunk = new Uint8Array(1 << 16)
  let used = 0
  return {
    record(view) {
      const raw = view.field('name') ?? ''
      if (raw !== last) {
        wanted = isWanted(JSON.parse(raw)) ? 1 : 0
        last = raw
      }
      if (used === chunk.length) {
        keep.push(chunk)
        chunk = new Uint8Array(1 << 16)
        used = 0
      }
      chunk[used] = wanted
      used += 1
    },
    finish: () => Buffer.concat([...keep, chunk.subarray(0, used)]),
  }
}

const count = (keep) => keep.reduce((sum, row) => sum + row, 0)

async function core() {
  return await import(args.code ?? '../dist/index.js')
}

const jobs = {
  async filter({ input, output }) {
    const { readIndexLayout, writeIndex } = await core()
    const source = fileSource(input)
    const chooser = nameChooser()
    const table = readIndexLayout(source, chooser)
    const keep = chooser.finish()
    const file = openSync(output, 'w')
    writeIndex({ parts: [{ source, table, keep }], write: (chunk) => writeAll(file, chunk) })
    closeSync(file)
    return { kept: count(keep) }
  },
  async table({ input, output }) {
    const { readIndexTable, writeIndex, parseSubdirName } = await core()
    const source = fileSource(input)
    const chooser = nameChooser()
    const table = readIndexTable(source, parseSubdirName('linux-64'), chooser)
    const keep = chooser.finish()
    const file = openSync(output, 'w')
    writeIndex({ parts: [{ source, table, keep }], write: (chunk) => writeAll(file, chunk) })
    closeSync(file)
    return { kept: count(keep), artifacts: table.artifacts(keep).count }
  },
  async objects({ input, output }) {
    const { readIndexLayout, writeIndex } = await core()
    const source = fileSource(input)
    const rows = []
    const table = readIndexLayout(source, { record: (view) => { rows.push(wantsObject(JSON.parse(view.bytes.toString('latin1', view.start, view.end))) ? 1 : 0) } })
    const keep = Uint8Array.from(rows)
    const file = openSync(output, 'w')
    writeIndex({ parts: [{ source, table, keep }], write: (chunk) => writeAll(file, chunk) })
    closeSync(file)
    return { kept: count(keep) }
  },
  async diff({ input, next }) {
    const { compareIndexes, parseSubdirName } = await core()
    const found = compareIndexes({ subdir: parseSubdirName('linux-64'), base: fileSource(input), target: fileSource(next) })
    return { added: found.added.count, removed: found.removed.count, changed: found.relisted + found.replaced.after.count, unchanged: found.unchanged }
  },
  async tables({ input, next }) {
    const { compareTables, parseSubdirName, readIndexTable } = await core()
    const subdir = parseSubdirName('linux-64')
    const found = compareTables({ base: readIndexTable(fileSource(input), subdir), target: readIndexTable(fileSource(next), subdir) })
    return { added: found.added.count, removed: found.removed.count, changed: found.relisted + found.replaced.after.count, unchanged: found.unchanged }
  },
  async zst({ compressed: input, spool, output, outputZst }) {
    const { createIndexLayoutBuilder, measureIndex, writeIndexInSteps } = await core()
    const { createHash } = await import('node:crypto')
    const { pipeline } = await import('node:stream/promises')
    const { constants, createZstdCompress, createZstdDecompress } = await import('node:zlib')
    const chooser = nameChooser()
    const builder = createIndexLayoutBuilder(chooser)
    const plain = openSync(spool, 'w')
    await pipeline(createReadStream(input, { highWaterMark: PIECE }), createZstdDecompress({ chunkSize: PIECE * 8, highWaterMark: PIECE * 16 }), async (chunks) => {
      for await (const chunk of chunks) {
        builder.write(chunk)
        writeAll(plain, chunk)
      }
    })
    closeSync(plain)
    const table = builder.end()
    const keep = chooser.finish()
    const parts = [{ source: fileSource(spool), table, keep }]
    const hash = createHash('sha256')
    const hashZst = createHash('sha256')
    const file = openSync(output, 'w')
    const target = openSync(outputZst, 'w')
    const pack = createZstdCompress({ pledgedSrcSize: measureIndex({ parts }), chunkSize: PIECE / 2, params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 } })
    const packed = pipeline(pack, async (chunks) => {
      for await (const chunk of chunks) {
        hashZst.update(chunk)
        writeAll(target, chunk)
      }
    })
    // Two in turn: one is filled, written and hashed while the other one is compressed on another thread. A step writes at most that much again.
    const pieces = [Buffer.allocUnsafeSlow(PIECE * 2), Buffer.allocUnsafeSlow(PIECE * 2)]
    let used = 0
    let compressed = Promise.resolve()
    const send = async () => {
      const piece = pieces[0].subarray(0, used)
      writeAll(file, piece)
      hash.update(piece)
      await compressed
      compressed = new Promise((resolve) => { pack.write(piece, resolve) })
      pieces.reverse()
      used = 0
    }
    const write = (chunk) => {
      pieces[0].set(chunk, used)
      used += chunk.length
    }
    for (const steps = writeIndexInSteps({ parts, write }); steps.next().done !== true;) if (used >= PIECE) await send()
    await send()
    await compressed
    pack.end()
    await packed
    closeSync(file)
    closeSync(target)
    return { kept: count(keep), sha256: hash.digest('hex'), zst: hashZst.digest('hex').length }
  },
  'json-filter'({ input, output }) {
    return filterJson({ input, output, wanted: (record) => isWanted(record.name) })
  },
  'json-objects'({ input, output }) {
    return filterJson({ input, output, wanted: wantsObject })
  },
  'json-diff'({ input, next }) {
    const base = JSON.parse(readFileSync(input, 'utf8'))
    const target = JSON.parse(readFileSync(next, 'utf8'))
    const found = { added: 0, removed: 0, changed: 0, unchanged: 0 }
    for (const section of ['packages', 'packages.conda']) {
      for (const [key, record] of Object.entries(target[section])) {
        const before = base[section][key]
        if (before === undefined) found.added += 1
        else if (JSON.stringify(before) === JSON.stringify(record)) found.unchanged += 1
        else found.changed += 1
      }
      for (const key of Object.keys(base[section])) if (!(key in target[section])) found.removed += 1
    }
    return found
  },
}

function filterJson({ input, output, wanted }) {
  const document = JSON.parse(readFileSync(input, 'utf8'))
  let kept = 0
  for (const section of ['packages', 'packages.conda']) {
    const records = {}
    for (const [key, record] of Object.entries(document[section])) {
      if (!wanted(record)) continue
      records[key] = record
      kept += 1
    }
    document[section] = records
  }
  writeFileSync(output, JSON.stringify(document))
  return { kept }
}

await runJob(jobs)
