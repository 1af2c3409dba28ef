// Documents that can be trusted: links resolve, every package says what it is, and nothing names a machine or a registry.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
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
const PATHS = ['home', 'Users', 'root', 'work', 'tmp'].map((folder) => `/${folder}/[A-Za-z.]`)
const forbidden = [
  { what: 'a registry host', pattern: new RegExp(HOSTS.join('|'), 'gi') },
  { what: 'a path of one machine', pattern: new RegExp(`(?<![\\w.$}/-])(?:${PATHS.join('|')})`, 'g') },
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

await runMain(() => {
  const faults = [...listFiles().flatMap((file) => findFileFaults(file)), ...packageFolders().flatMap((folder) => findPackageFaults(folder))]
  for (const fault of faults) process.stdout.write(`${fault}\n`)
  return faults.length > 0 ? 1 : 0
})
