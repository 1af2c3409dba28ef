/** A failure with a message for people: what could not be done, and what to do about it. Shown without a stack. */
export class ToolError extends Error {
  constructor(message, hint, { exitCode = 1 } = {}) {
    super(message)
    this.name = 'ToolError'
    this.hint = hint
    this.exitCode = exitCode
  }
}

const exitCodeOfSignal = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }

/** The exit code that a shell gives for a child's end. */
export const exitCodeOf = ({ code, signal }) => (signal ? (exitCodeOfSignal[signal] ?? 1) : (code ?? 1))

/** Runs `main`, sets the exit code to what it resolves to, and shows a `ToolError` without its stack. */
export const runMain = async (main) => {
  // Somebody piped the output into `head` and has seen enough.
  process.stdout.on('error', (error) => process.exit(error.code === 'EPIPE' ? (process.exitCode ?? 0) : 1))
  try {
    process.exitCode = (await main()) ?? 0
  } catch (error) {
    if (!(error instanceof ToolError)) throw error
    process.exitCode = error.exitCode
    process.stderr.write(`\n${error.message}\n${error.hint ? `${error.hint}\n` : ''}`)
  }
}
