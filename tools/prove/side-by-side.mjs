/** Runs families in order: one that is `alone` by itself, of the others two at once. Resolves when all have run. */
export const runSideBySide = async (families, run) => {
  let beside = []
  const finish = async () => {
    const queue = beside.values()
    beside = []
    await Promise.all([0, 1].map(async () => {
      for (const family of queue) await run(family)
    }))
  }
  for (const family of families) {
    if (!family.alone) {
      beside.push(family)
      continue
    }
    await finish()
    await run(family)
  }
  await finish()
}
