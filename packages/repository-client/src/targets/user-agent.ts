/** Who we say we are, also where no credential goes. */
export const USER_AGENT = 'conda-mirror-tools'
