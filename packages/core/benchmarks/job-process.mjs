// What a job of a benchmark uses, in a process of its own: node <job script> <job> <json of arguments>.
import { fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'

const [, , job, text] = process.argv

/** What the job was asked to work on. */
export const args = JSON.parse(text)

/** A file as a source; what core asks for, and nothing more. */
export function fileSource(path) {
  const file = openSync(path, 'r')
  const fill = (target, position) => {
    for (let have = 0; have < target.length;) {
      const count = readSync(file, target, have, target.length - have, position + have)
      if (count === 0) throw new RangeError('The file is shorter than it was')
      have += count
    }
  }
  return {
    length: fstatSync(file).size,
    readInto: fill,
    read(position, length) {
      const bytes = Buffer.allocUnsafe(length)
      fill(bytes, position)
      return bytes
    },
  }
}

/** In writes that a kernel does not find big: 256 KiB at once can cost twice the time. */
export function writeAll(file, chunk) {
  for (let done = 0; done < chunk.length;) done += writeSync(file, chunk, done, Math.min(1 << 16, chunk.length - done))
}

/** KiB. What `resourceUsage` says may be the peak of the process that started this one. */
function readPeak() {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1])
}

/** Does the job that was asked for; the last line of output tells what it found and used. */
export async function runJob(jobs) {
  const result = await jobs[job](args)
  const { userCPUTime, systemCPUTime } = process.resourceUsage()
  process.stdout.write(`${JSON.stringify({ result, mebibytes: readPeak() / 1024, cpu: (userCPUTime + systemCPUTime) / 1e6 })}\n`)
}
