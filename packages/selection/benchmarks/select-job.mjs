// One job of select-bench.mjs: node select-job.mjs <job> <json of arguments>.
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { args, fileSource, runJob, writeAll } from '../../core/benchmarks/job-process.mjs'

const NOW = Date.UTC(2026, 0, 1)

/** Our side: read where the records stand, show them to a selector in passing, write what is kept. */
async function selectFile({ input, output, rules }) {
  const { createRecordSelector, readIndexLayout, writeIndex } = await import(args.code)
  const source = fileSource(input)
  const selector = createRecordSelector(rules, { now: NOW })
  const layout = readIndexLayout(source, selector.watch('linux-64'))
  return write({ source, layout, output, writeIndex }, selector.finish([{ subdir: 'linux-64', source, layout }]))
}

/** The same for a layout that is there already: a second scan. */
async function selectAgain({ input, output, rules }) {
  const { readIndexLayout, selectRecords, writeIndex } = await import(args.code)
  const source = fileSource(input)
  const layout = readIndexLayout(source)
  return write({ source, layout, output, writeIndex }, selectRecords([{ subdir: 'linux-64', source, layout }], rules, { now: NOW }))
}

function write({ source, layout, output, writeIndex }, { subdirs }) {
  const selected = subdirs.get('linux-64')
  const file = openSync(output, 'w')
  writeIndex({ parts: [{ source, table: layout, ...(selected.keep === undefined ? {} : { keep: selected.keep }) }], write: (chunk) => writeAll(file, chunk) })
  closeSync(file)
  return { kept: layout.rows - selected.effects.reduce((sum, { rule, records }) => sum + (rule === 'whitelist' ? 0 : records), 0), records: layout.rows }
}

/** The other side: parse all, filter, write all. `choose` gives the entries that are kept. */
function selectJson({ input, output }, choose) {
  const document = JSON.parse(readFileSync(input, 'utf8'))
  const sections = ['packages', 'packages.conda']
  const all = sections.flatMap((section) => Object.entries(document[section]).map(([key, record]) => ({ section, key, record })))
  const kept = choose(all)
  for (const section of sections) document[section] = {}
  for (const { section, key, record } of kept) document[section][key] = record
  writeFileSync(output, JSON.stringify(document))
  return { kept: kept.length, records: all.length }
}

/** Versions as lists of numbers: simpler than they are, and quick; enough for those of the made-up index. */
function compareSimply(left, right) {
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

const parseSimply = (version) => version.split('.').map(Number)

const filters = {
  names: ({ rules }) => (all) => {
    const black = new Set(rules.blacklist)
    const white = new Set(rules.whitelist)
    return all.filter(({ record }) => !black.has(record.name) || white.has(record.name))
  },
  latest: ({ rules }) => (all) => [...Map.groupBy(all, ({ record }) => record.name).values()].flatMap((entries) => {
    const parsed = new Map(entries.map(({ record }) => [record.version, parseSimply(record.version)]))
    const newest = new Set([...parsed.keys()].sort((left, right) => compareSimply(parsed.get(right), parsed.get(left))).slice(0, rules.latest.versions))
    return entries.filter(({ record }) => newest.has(record.version))
  }),
  dates: ({ rules }) => (all) => {
    const inTime = all.filter(({ record }) => record.timestamp >= rules.newerThan)
    const stem = ({ record }) => `${record.name}-${record.version}-${record.build}`
    const preferred = new Set(inTime.filter(({ key }) => key.endsWith('.conda')).map(stem))
    return inTime.filter((entry) => entry.key.endsWith('.conda') || !preferred.has(stem(entry)))
  },
}

const jobs = {
  select: selectFile,
  'select-again': selectAgain,
  // The peer of what needs objects does no more than parse, ask one question of each record and write: its rules would be ours.
  'json-objects': (options) => selectJson(options, (all) => all.filter(({ record }) => !/GPL/.test(record.license) && record.depends.every((spec) => !spec.startsWith('python 2')))),
  'json-names': (options) => selectJson(options, filters.names(options)),
  'json-latest': (options) => selectJson(options, filters.latest(options)),
  'json-dates': (options) => selectJson(options, filters.dates(options)),
}

await runJob(jobs)
