import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { root } from './workspace.mjs'

const folder = join(root, '.work')
const path = join(folder, 'setup.lock')
const mine = join(folder, `setup.lock.${process.pid}`)

const holderOf = (file) => {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return 0
  }
}

const isAlive = (pid) => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

/** A link appears with its contents, so that nobody ever reads a lock without a holder. */
const linkUnlessThere = (from, to) => {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (error.code === 'EEXIST' || error.code === 'ENOENT') return false
    throw error
  }
}

/** Takes away the lock of a process that has ended; gives it back where somebody else took it over in the meantime. */
const removeDead = (pid) => {
  const aside = `${mine}.old`
  try {
    renameSync(path, aside)
  } catch {
    return
  }
  if (holderOf(aside) !== pid) linkUnlessThere(aside, path)
  rmSync(aside, { force: true })
}

const tryTake = () => {
  if (linkUnlessThere(mine, path)) return true
  const pid = holderOf(path)
  if (pid > 0 && !isAlive(pid)) removeDead(pid)
  return false
}

const take = async () => {
  let told = false
  while (!tryTake()) {
    const pid = holderOf(path)
    if (!told && pid > 0 && isAlive(pid)) {
      process.stderr.write(`Another setup of this checkout runs (process ${pid}, lock ${relative(root, path)}); waiting for it.\n`)
      told = true
    }
    await wait(100)
  }
}

/** Runs `work` while no other setup of this checkout runs. A lock that a killed setup left behind is taken over. */
export const withSetupLock = async (work) => {
  mkdirSync(folder, { recursive: true })
  writeFileSync(mine, String(process.pid))
  try {
    await take()
  } finally {
    rmSync(mine, { force: true })
  }
  try {
    return await work()
  } finally {
    rmSync(path, { force: true })
  }
}
