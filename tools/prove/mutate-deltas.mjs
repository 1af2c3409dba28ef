// Leaves one discipline out of what writes and takes deltas, while it is loaded: `node --import mutate-deltas.mjs …` with MIRROR_MUTANT=<its name>.
import process from 'node:process'
import { installMutant } from '../../packages/sync/test/crash/install-mutant.ts'
import { MUTANTS } from './deltas/mutants.mjs'

const mutant = MUTANTS.find(({ name }) => name === process.env.MIRROR_MUTANT)
if (mutant === undefined) throw new TypeError(`There is no mutant ${process.env.MIRROR_MUTANT ?? ''}`)
installMutant(mutant)
