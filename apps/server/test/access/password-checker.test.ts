import { hashSync } from 'bcryptjs'
import { test } from 'vitest'
import { createPasswordChecker } from '../../src/access/password-checker.ts'

/** What Apache's own documentation shows for `htpasswd -nbB myName myPassword`. */
const OF_APACHE = '$2y$05$c4WoMPo3SXsafkva.HHa6uXQZWr7oboPiC2bT/r7q1BB8I2s0BRqC'

test('a thread compares passwords, in the order in which it is asked, also those that Apache wrote', async ({ expect }) => {
  await using checker = createPasswordChecker()
  const hash = hashSync('pässword', 4)
  const answers = await Promise.all([checker.check('pässword', hash), checker.check('other', hash), checker.check('myPassword', OF_APACHE), checker.check('myPassword ', OF_APACHE), checker.check('', hash)])
  expect(answers).toEqual([true, false, true, false, false])
})

test('meanwhile this thread does other things', async ({ expect }) => {
  await using checker = createPasswordChecker()
  const hash = hashSync('x', 4).replace('$04$', '$12$')
  const progress = { turns: 0, isOver: false }
  const comparison = checker.check('x', hash)?.finally(() => { progress.isOver = true })
  while (!progress.isOver) {
    progress.turns += 1
    await new Promise((resolve) => { setImmediate(resolve) })
  }
  expect(await comparison).toBe(false)
  expect(progress.turns).toBeGreaterThan(10)
})

test('no more than 64 wait', async ({ expect }) => {
  await using checker = createPasswordChecker()
  const hash = hashSync('x', 4)
  const asked = Array.from({ length: 100 }, () => checker.check('x', hash))
  expect(asked.filter((answer) => answer === undefined).length).toBe(36)
  expect((await Promise.all(asked.map(async (answer) => await answer))).filter((answer) => answer === true).length).toBe(64)
  expect(await checker.check('x', hash)).toBe(true)
})

test('who waits when it is closed is told', async ({ expect }) => {
  const checker = createPasswordChecker()
  const answer = checker.check('x', hashSync('x', 4).replace('$04$', '$15$'))
  await Promise.all([expect(answer).rejects.toThrow('closing'), checker[Symbol.asyncDispose]()])
})
