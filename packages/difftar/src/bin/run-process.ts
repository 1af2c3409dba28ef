import { runDiffTar } from '../cli/run-diff-tar.ts'

/** Runs the command line of this process, and sets its exit status. `tool` is the single file that this program is, where it is one. */
export async function runProcess({ version, tool }: { readonly version: string; readonly tool: string | undefined }): Promise<void> {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort())

  /** Nobody reads any more: `| head`. */
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })

  process.exitCode = await runDiffTar(process.argv.slice(2), {
    stdout: (text) => new Promise((resolve, reject) => {
      process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
    }),
    stderr: (text) => {
      process.stderr.write(text)
    },
    stdin: process.stdin,
    directory: process.cwd(),
    version,
    tool,
    signal: controller.signal,
  })
}
