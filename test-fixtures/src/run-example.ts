import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** How an example ended. */
export interface ExampleRun {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

const EXAMPLE = /<!-- example -->\s*```ts\n(?<code>[\s\S]*?)```/

/**
 * Runs the example of a package's README as it stands there: the first `ts` block behind `<!-- example -->`, in a process of its own, resolved from the package's
 * folder. `replacements` put a test's addresses and folders in place of those that people read; each must occur.
 */
export async function runExample(packageFolder: string, replacements: Readonly<Record<string, string>> = {}): Promise<ExampleRun> {
  const readme = await readFile(join(packageFolder, 'README.md'), 'utf8')
  let code = EXAMPLE.exec(readme)?.groups?.['code']
  if (code === undefined) throw new Error(`${packageFolder}/README.md has no example`)
  for (const [from, to] of Object.entries(replacements)) {
    if (!code.includes(from)) throw new Error(`The example of ${packageFolder} does not contain ${from}`)
    code = code.replaceAll(from, to)
  }
  return await runModule(packageFolder, code)
}

async function runModule(folder: string, code: string): Promise<ExampleRun> {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', code], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
  const stdout: string[] = []
  const stderr: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => stdout.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => stderr.push(text))
  const { promise, resolve, reject } = Promise.withResolvers<number | null>()
  child.once('error', reject)
  child.once('close', resolve)
  return { code: await promise, stdout: stdout.join(''), stderr: stderr.join('') }
}
