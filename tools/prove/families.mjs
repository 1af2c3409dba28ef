const store = (script) => `packages/store/test/crash/${script}.ts`
const sync = (script) => `packages/sync/test/crash/${script}.ts`
const own = (script) => `tools/prove/${script}`

/**
 * Every family, in the order in which they run: a script that gets `{ quick, seconds, folder, options }` as JSON and prints, as its last line, `{ prove: { points, failed, findings,
 * notes } }`, or `{ prove: { skipped } }`. `minutes` is what it may take: `[quick, full]`; 0 leaves it out. `memory`: its folder may be one in memory, because nothing in
 * it depends on the disk. `alone`: it uses more than one processor, or measures times; of the others two run at once.
 */
export const families = [
  { name: 'checker', about: 'the independent checkers see planted violations of each kind', script: sync('prove-checkers'), minutes: [0.1, 0.5], memory: true },
  { name: 'store', about: 'X1-X4: one transaction broken off at every change: kills, recovery killed again, failing disks, short writes', script: store('prove-store'), minutes: [0.5, 2], memory: true },
  { name: 'weak-disk', about: 'X6: every legal state of a disk that keeps nothing in order', script: sync('prove-weak-disk'), minutes: [1, 5.5], memory: true },
  { name: 'power-cut', about: 'X5: the disk as it was after each change, on ext4, xfs and btrfs', script: sync('prove-power-cut'), minutes: [0, 3], memory: true },
  { name: 'catalogue', about: 'N, U, H, D, C: what goes wrong elsewhere, through the command line', script: own('catalogue.mjs'), minutes: [2.4, 3], memory: true },
  { name: 'fuzz', about: 'parsers against oracles, on random and damaged input', script: own('fuzz.mjs'), minutes: [0.6, 4.5], memory: true },
  { name: 'others', about: 'conda-mirror 0.10.0 on the same upstreams', script: own('others.mjs'), minutes: [0, 0.2], memory: true },
  { name: 'commands', about: 'X1-X4, X7: every command that writes, broken off at every change', script: sync('prove-commands'), minutes: [1.3, 11.5], alone: true, memory: true },
  { name: 'deltas', about: 'X1-X4, X6-X9, A11: what writes a delta and what takes it, broken off at every change', script: own('deltas.mjs'), minutes: [1.4, 17], alone: true, memory: true },
  { name: 'processes', about: 'X1: the same with real processes and SIGKILL', script: sync('prove-processes'), minutes: [0, 5.5], alone: true, memory: true },
  { name: 'strace', about: 'X8: no change of the disk bypasses the counter; SIGKILL on entry of system calls', script: sync('prove-strace'), minutes: [0.2, 1], alone: true, memory: true },
  { name: 'mutants', about: 'X9: each discipline left out once, and caught', script: sync('prove-mutants'), minutes: [1, 2.5], alone: true, memory: true },
  { name: 'readers', about: 'C03: readers beside syncs, rollbacks and prunes', script: sync('prove-readers'), minutes: [0.4, 3.5], alone: true, memory: true },
  { name: 'server', about: 'V01-V13: hostile requests, crowds, few means, and switches under load, through mirror serve', script: own('server.mjs'), minutes: [1.1, 2.5], alone: true, memory: true },
  { name: 'locks', about: 'C01, C02: two at once, and locks of the dead', script: sync('prove-locks'), minutes: [0.2, 0.5], alone: true, memory: true },
  { name: 'branches', about: 'every branch of commit, recovery, guards and apply is taken by a test', script: own('branches.mjs'), minutes: [0, 2], alone: true, memory: true },
  { name: 'scale', about: 'a million records and two: memory, time, recovery, retries', script: own('scale.mjs'), minutes: [0, 4.5], alone: true, memory: true },
]

/** What all of them may take together, in minutes: in the quick run, and in the full one. */
export const MOST = [8, 60]

/** Minutes that families may take on two processors that have nothing else to do. */
export const minutesOf = (some, { quick }) => {
  const sum = (list) => list.reduce((total, { minutes }) => total + minutes[quick ? 0 : 1], 0)
  return sum(some.filter(({ alone }) => alone)) + sum(some.filter(({ alone }) => !alone)) / 2
}
