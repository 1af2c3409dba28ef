// The command line is published as a bundle that holds everything, so the packed manifest names no dependencies. In the workspace they stay
// dependencies: a release of any of them must release the command line too.
const BUNDLED = '@mirror/cli'

const beforePacking = (manifest) => {
  if (manifest.name === BUNDLED) delete manifest.dependencies
  return manifest
}

export const hooks = { beforePacking }
