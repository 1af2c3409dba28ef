// Documents that can be trusted: links resolve, every package says what it is, and nothing names a machine or a registry.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { runMain } from './lib/fail.mjs'
import { packageFolders } from './lib/setup-stamp.mjs'
import { readJson, root } from './lib/workspace.mjs'

const LARGEST_READ = 4 * 1024 * 1024

/** Tracked files and new ones that are not ignored, as they are on disk. */
const listFiles = () =>
  execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root, maxBuffer: 64 * 1024 * 1024 })
    .toString('utf8')
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(root, file)))

const lineOf = (text, index) => text.slice(0, index).split('\n').length

// Written in pieces, so that this file does not find itself.
const HOSTS = ['registry npmjs org', 'registry yarnpkg com', 'npm pkg github com', 'files pythonhosted org', 'jfrog io'].map((words) => words.replaceAll(' ', '\\.'))
const FOLDERS = ['work/main', 'work/shared', 'root'].map((folder) => `/${folder}/`)
const forbidden = [
  { what: 'a registry host', pattern: new RegExp(HOSTS.join('|'), 'gi') },
  { what: 'a folder of one machine', pattern: new RegExp(`(?<![\\w.$}/-])(?:${FOLDERS.join('|')})`, 'g') },
]

const findForbidden = (file, text) =>
  forbidden.flatMap(({ what, pattern }) => [...text.matchAll(pattern)].map((match) => `${file}:${lineOf(text, match.index)} names ${what}: ${match[0]}`))

const withoutCode = (text) => text.replace(/```[\s\S]*?```|`[^`\n]*`/g, (code) => code.replace(/[^\n]/g, ' '))
const isRelative = (target) => !/^(?:[a-z][a-z\d+.-]*:|#|\/\/)/i.test(target)

const slugOf = (heading) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')

const anchorsOf = (path) => new Set([...readFileSync(path, 'utf8').matchAll(/^#{1,6}\s+(.+)$/gm)].map((match) => slugOf(match[1])))

const faultOfLink = (file, target) => {
  const [path, anchor] = decodeURIComponent(target).split('#')
  const full = path === '' ? join(root, file) : join(root, dirname(file), path)
  if (!existsSync(full)) return 'which does not exist'
  if (anchor && full.endsWith('.md') && !anchorsOf(full).has(anchor)) return 'whose heading does not exist'
  return undefined
}

const findDeadLinks = (file, text) => {
  const plain = withoutCode(text)
  const links = [...plain.matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)|^\[[^\]]+\]:\s*(\S+)/gm)]
  return links.flatMap((match) => {
    const target = match[1] ?? match[2]
    const fault = isRelative(target) || target.startsWith('#') ? faultOfLink(file, target) : undefined
    return fault ? [`${file}:${lineOf(plain, match.index)} links to ${target}, ${fault}`] : []
  })
}

const findFileFaults = (file) => {
  if (statSync(join(root, file)).size > LARGEST_READ || file === 'pnpm-lock.yaml') return []
  const text = readFileSync(join(root, file), 'utf8')
  if (text.includes('\0')) return []
  return [...findForbidden(file, text), ...(file.endsWith('.md') ? findDeadLinks(file, text) : [])]
}

const REQUIRED = ['name', 'version', 'description', 'license']
const REQUIRED_OF_PUBLIC = ['engines', 'repository', 'publishConfig', 'files']

const findPackageFaults = (folder) => {
  const manifest = readJson(`${folder}/package.json`)
  const fields = [...REQUIRED, ...(manifest.private ? [] : REQUIRED_OF_PUBLIC)]
  const missing = fields.filter((field) => !manifest[field]).map((field) => `${folder}/package.json has no ${field}`)
  const readme = existsSync(join(root, folder, 'README.md')) ? [] : [`${folder} has no README.md`]
  return [...missing, ...readme]
}

const ofOurs = (manifest) =>
  Object.keys(manifest.dependencies ?? {})
    .filter((name) => name.startsWith('@mirror/'))
    .map((name) => name.replace('@mirror/', ''))
    .sort()

/** The dependency picture in the architecture page is what the manifests say. */
const findPictureFaults = () => {
  const page = 'docs/architecture.md'
  const folders = packageFolders().filter((folder) => folder !== 'tools')
  const width = Math.max(...folders.map((folder) => folder.length))
  const lines = folders.map((folder) => `${folder.padEnd(width)} → ${ofOurs(readJson(`${folder}/package.json`)).join(', ') || '–'}`)
  const picture = `<!-- dependencies:start -->\n\`\`\`\n${lines.join('\n')}\n\`\`\`\n<!-- dependencies:end -->`
  const collapse = (text) => text.replace(/ +/g, ' ')
  return collapse(readFileSync(join(root, page), 'utf8')).includes(collapse(picture)) ? [] : [`${page} shows other dependencies than the manifests; it should be:\n${picture}`]
}

/** A changeset names published packages and a kind of release each, then says something. */
const findChangesetFaults = (names) =>
  readdirSync(join(root, '.changeset'))
    .filter((file) => file.endsWith('.md') && file !== 'README.md')
    .flatMap((file) => {
      const [, head, body] = /^---\n([\s\S]*?)---\n([\s\S]*)$/.exec(readFileSync(join(root, '.changeset', file), 'utf8')) ?? []
      const releases = (head ?? '').trim().split('\n').map((line) => /^["'](.+)["']: (?:major|minor|patch)$/.exec(line)?.[1])
      const right = releases.every((name) => names.includes(name)) && (body ?? '').trim() !== ''
      return right ? [] : [`.changeset/${file} is no changeset of published packages`]
    })

await runMain(() => {
  const publicNames = packageFolders().map((folder) => readJson(`${folder}/package.json`)).filter((manifest) => !manifest.private).map(({ name }) => name)
  const faults = [
    ...listFiles().flatMap((file) => findFileFaults(file)),
    ...packageFolders().flatMap((folder) => findPackageFaults(folder)),
    ...findPictureFaults(),
    ...findChangesetFaults(publicNames),
  ]
  for (const fault of faults) process.stdout.write(`${fault}\n`)
  return faults.length > 0 ? 1 : 0
})
