// Leaves one discipline out of the product while it is loaded: `node --import mutate.ts …` with MIRROR_MUTANT=<its name>. Nothing in the product knows of it.
import process from 'node:process'
import { installMutant } from './install-mutant.ts'
import { MUTANTS } from './mutants.ts'

const mutant = MUTANTS.find(({ name }) => name === process.env['MIRROR_MUTANT'])
if (mutant === undefined) throw new TypeError(`There is no mutant ${process.env['MIRROR_MUTANT'] ?? ''}`)
installMutant(mutant)
