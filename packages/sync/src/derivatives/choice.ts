/** Which of the files that are derived from an index are mirrored: each filtered from upstream's, or left out. */
export interface DerivativeChoice {
  readonly currentRepodata: boolean
  readonly runExports: boolean
  readonly repodataFromPackages: boolean
  readonly patchInstructions: boolean
  readonly channeldata: boolean
}

/** None of them: no current solver needs one. */
export const NO_DERIVATIVES: DerivativeChoice = {
  currentRepodata: false, runExports: false, repodataFromPackages: false, patchInstructions: false, channeldata: false,
}

/** The name of the file of the channel that describes its packages (CEP 38). */
export const CHANNELDATA = 'channeldata.json'

const SUBDIR_FILES = [
  ['current_repodata.json', 'currentRepodata'], ['run_exports.json', 'runExports'], ['repodata_from_packages.json', 'repodataFromPackages'],
  ['patch_instructions.json', 'patchInstructions'],
] as const

/** The files of a subdir that are wanted. */
export function wantedDerivatives(choice: DerivativeChoice): readonly string[] {
  return SUBDIR_FILES.filter(([, key]) => choice[key]).map(([file]) => file)
}

/** True for the path of a plain derivative: one whose bytes follow from more than `repodata.json`. */
export function isDerivativePath(path: string): boolean {
  return SUBDIR_FILES.some(([file]) => path.endsWith(`/${file}`))
}
