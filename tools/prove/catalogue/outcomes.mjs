import { judgeNames, namedProblems, openScene } from './scene.mjs'

/**
 * A case is `{ id, name, expect, codes?, exits?, scene?, flags?, env?, now?, arrange(scene), settle?(scene), also?(scene, ran) }`. `arrange` brings the trouble about and may answer `{ stop, flags, argv }`; `expect`:
 * - `complete`: exit code 0, and the mirror is upstream's;
 * - `stays`: another exit code with a name, no public byte has changed, and a run without the trouble completes;
 * - `refused`: like `stays`, but the trouble does not go away by itself, so nothing more is tried;
 * - `partly`: finished with something left out by name, and the mirror whole;
 * - `breaks`: like `stays`, but what is public may be the new state already, whole;
 * - `left`: another exit code with a name;
 * - `recovers`: this run or the next one completes;
 * - `whole`: whatever was done, the mirror is whole.
 */
export const runCase = async (templates, given) => {
  const scene = await openScene(templates, given.scene)
  try {
    const before = await scene.digest()
    const arranged = (await given.arrange?.(scene)) ?? {}
    const options = { ...(given.now ? { now: given.now } : {}), ...(given.env ? { env: given.env } : {}) }
    const flags = [...(given.flags ?? []), ...(arranged.flags ?? [])]
    const ran = await scene.run([...(arranged.argv ?? scene.argv), ...flags], options)
    const problems = [...judgeNames(ran), ...judgeCodes(given, ran), ...(await JUDGES[given.expect](scene, ran, { before, arranged, flags: given.flags ?? [] })), ...((await given.also?.(scene, ran)) ?? [])]
    return problems.length === 0 ? [] : problems.map((problem) => `${given.id} ${given.name}: ${problem}`)
  } catch (error) {
    return [`${given.id} ${given.name}: ${error instanceof Error ? error.stack : String(error)}`]
  } finally {
    await scene.close()
  }
}

const judgeCodes = ({ codes, exits }, ran) => {
  const found = namedProblems(ran).map(({ code }) => code)
  return [
    ...(codes === undefined || codes.some((code) => found.includes(code)) ? [] : [`names ${found.join(', ') || 'nothing'} instead of ${codes.join(' or ')}`]),
    ...(exits === undefined || exits.includes(ran.exitCode) ? [] : [`exit code ${ran.exitCode} instead of ${exits.join(' or ')}`]),
  ]
}

const tell = (ran) => namedProblems(ran).map(({ code, message }) => `${code}: ${String(message).slice(0, 160)}`).join(' | ')

const complete = async (scene, ran) => [...(ran.exitCode === 0 ? [] : [`exit code ${ran.exitCode}: ${tell(ran)}`]), ...(await scene.findProblems())]

const refused = async (scene, ran, { before }) => [
  ...(ran.exitCode === 0 ? ['exit code 0'] : []),
  ...((await scene.digest()) === (scene.kept ?? before) ? [] : ['the mirror has changed']),
]

const stays = async (scene, ran, { before, arranged, flags }) => {
  const problems = await refused(scene, ran, { before })
  await arranged.stop?.()
  scene.server.reset()
  const again = await scene.sync(flags)
  return [...problems, ...(again.exitCode === 0 ? await scene.findProblems() : [`the next run: exit code ${again.exitCode}: ${tell(again)}`])]
}

/** It fails, whenever: what is public is the old or the new, whole, and a run without the trouble completes. */
const breaks = async (scene, ran, { arranged, flags }) => {
  const problems = [...(ran.exitCode === 0 ? ['exit code 0'] : []), ...(await wholeProblems(scene))]
  await arranged.stop?.()
  const again = await scene.sync(flags)
  return [...problems, ...(again.exitCode === 0 ? await scene.findProblems() : [`the next run: exit code ${again.exitCode}: ${tell(again)}`])]
}

/** The next run, or the one after it, comes to the end. */
const recovers = async (scene, ran, { flags }) => {
  const again = ran.exitCode === 0 ? ran : await scene.sync(flags)
  return again.exitCode === 0 ? scene.findProblems() : [`exit code ${ran.exitCode}: ${tell(ran)}; again ${again.exitCode}: ${tell(again)}`]
}

const wholeProblems = async (scene) => (await scene.findProblems()).filter((problem) => problem !== "the index is not upstream's")

const JUDGES = {
  complete, stays, refused, breaks, recovers,
  left: async (_, ran) => (ran.exitCode === 0 ? ['exit code 0'] : []),
  partly: async (scene, ran) => [...(ran.exitCode === 3 ? [] : [`exit code ${ran.exitCode}: ${tell(ran)}`]), ...(await wholeProblems(scene))],
  whole: wholeProblems,
}
