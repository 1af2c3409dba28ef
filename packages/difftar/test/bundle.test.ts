import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from './test.ts'

const execute = promisify(execFile)
const HOME = join(import.meta.dirname, '..')

/** What a program prints and how it ends. */
async function run(program: string, args: readonly string[]): Promise<unknown> {
  return await execute(process.execPath, ['--no-warnings', program, ...args]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }: { readonly code: unknown; readonly stdout: unknown; readonly stderr: unknown }) => ({ code, stdout, stderr }),
  )
}

test('the single file answers --version and --help before it loads anything, and as the program does', async ({ expect, folder }) => {
  await execute(process.execPath, ['--no-warnings', join(HOME, 'build.mjs'), folder])
  for (const args of [['--version'], ['--help'], ['-h'], ['--version', '--show'], ['--vers'], ['__proto__'], []]) {
    expect(await run(join(folder, 'difftar.mjs'), args), args.join(' ')).toEqual(await run(join(HOME, 'src/bin/conda-diff-tar.ts'), args))
  }
})
